// Client: golang.org/x/oauth2
// Ecosystem: Go
// Version: 0.3.0 (Debian's golang-golang-x-oauth2-dev)
// Install: apt golang-any golang-golang-x-oauth2-dev
// Type: public
// Setting: none
// Proves: login, refresh, revocation, denial, limited answer, outage
// Denial: access_denied
// Limited: 429
// Outage: 503
// Note: An endpoint without an AuthStyle is asked twice whenever it refuses, a limited answer too; say AuthStyleInParams.

package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"os"

	"golang.org/x/oauth2"
)

// snippet
var config = &oauth2.Config{
	ClientID:     os.Getenv("CLIENT_ID"),
	ClientSecret: os.Getenv("CLIENT_SECRET"),
	Endpoint: oauth2.Endpoint{
		AuthURL:   os.Getenv("ISSUER") + "/oauth2/authorize",
		TokenURL:  os.Getenv("ISSUER") + "/api/oauth2/token",
		AuthStyle: oauth2.AuthStyleInParams,
	},
	RedirectURL: os.Getenv("REDIRECT_URI"),
	Scopes:      []string{"identify", "email"},
}

func authorize(challenge string) string {
	return config.AuthCodeURL("of-the-session",
		oauth2.SetAuthURLParam("code_challenge", challenge),
		oauth2.SetAuthURLParam("code_challenge_method", "S256"))
}

func callback(code, verifier string) (*oauth2.Token, error) {
	return config.Exchange(context.Background(), code, oauth2.SetAuthURLParam("code_verifier", verifier))
}

func me(token *oauth2.Token) (user map[string]any, err error) {
	response, err := config.Client(context.Background(), token).Get(os.Getenv("ISSUER") + "/api/users/@me")
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != 200 {
		return nil, fmt.Errorf("%s", response.Status)
	}
	return user, json.NewDecoder(response.Body).Decode(&user)
}

func refresh(token string) (*oauth2.Token, error) {
	return config.TokenSource(context.Background(), &oauth2.Token{RefreshToken: token}).Token()
}

// end of snippet

func main() {
	random := make([]byte, 32)
	rand.Read(random)
	verifier := base64.RawURLEncoding.EncodeToString(random)
	sum := sha256.Sum256([]byte(verifier))
	challenge := base64.RawURLEncoding.EncodeToString(sum[:])
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var call []string
		json.Unmarshal(lines.Bytes(), &call)
		var returned any
		var err error
		switch call[0] {
		case "authorize":
			returned = authorize(challenge)
		case "callback":
			address, _ := url.Parse(call[1])
			if denied := address.Query().Get("error"); denied != "" {
				err = fmt.Errorf("%s", denied)
			} else {
				returned, err = callback(address.Query().Get("code"), verifier)
			}
		case "me":
			returned, err = me(&oauth2.Token{AccessToken: call[1]})
		case "refresh":
			returned, err = refresh(call[1])
		default:
			err = fmt.Errorf("no such call")
		}
		answer := map[string]any{"returned": returned}
		if err != nil {
			answer = map[string]any{"raised": map[string]string{"type": fmt.Sprintf("%T", err), "message": err.Error()}}
		}
		line, _ := json.Marshal(answer)
		fmt.Println(string(line))
	}
}
