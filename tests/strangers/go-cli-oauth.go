// Client: github.com/cli/oauth (GitHub CLI's)
// Ecosystem: Go
// Version: 1.0.1 (Debian's golang-github-cli-oauth-dev)
// Install: apt golang-any golang-github-cli-oauth-dev
// Driven: on loopback
// Setting: none
// Proves: login
// Fails: Missing parameter: grant_type
// Note: Its token request has no `grant_type` and no `redirect_uri`, which RFC 6749 §4.1.3 requires and GitHub does without.

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"github.com/cli/oauth"
)

// snippet
func login(open func(address string) error) (string, error) {
	flow := &oauth.Flow{
		Host: &oauth.Host{
			AuthorizeURL: os.Getenv("ISSUER") + "/oauth2/authorize",
			TokenURL:     os.Getenv("ISSUER") + "/api/oauth2/token",
		},
		ClientID:     os.Getenv("CLIENT_ID"),
		ClientSecret: os.Getenv("CLIENT_SECRET"),
		CallbackURI:  os.Getenv("REDIRECT_URI"),
		Scopes:       []string{"identify"},
		BrowseURL:    open,
	}
	token, err := flow.WebAppFlow()
	if err != nil {
		return "", err
	}
	return token.Token, nil
}

// end of snippet

func main() {
	addresses, tokens := make(chan string, 1), make(chan string, 1)
	go func() {
		token, err := login(func(address string) error { addresses <- address; return nil })
		if err != nil {
			token = "!" + err.Error()
		}
		tokens <- token
	}()
	say := func(answer any) {
		line, _ := json.Marshal(answer)
		fmt.Println(string(line))
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var call []string
		json.Unmarshal(lines.Bytes(), &call)
		switch call[0] {
		case "authorize":
			say(map[string]string{"returned": <-addresses})
		case "callback":
			token := <-tokens
			if token[0] == '!' {
				say(map[string]any{"raised": map[string]string{"type": "error", "message": token[1:]}})
			} else {
				say(map[string]any{"returned": map[string]string{"access_token": token}})
			}
		default:
			say(map[string]any{"raised": map[string]string{"type": "error", "message": "no such call"}})
		}
	}
}
