// Client: github.com/cli/oauth (GitHub CLI's), device flow
// Ecosystem: Go
// Version: 1.0.1 (Debian's golang-github-cli-oauth-dev)
// Install: apt golang-any golang-github-cli-oauth-dev
// Type: public
// Setting: none
// Proves: device grant, denial, limited answer, outage
// Lacks: refresh, revocation
// Denial: The user denied access (access_denied)
// Limited: slow_down
// Outage: temporarily_unavailable
// Note: Its poll waits for the interval that it was given, and takes every error but `authorization_pending` for the end,
//   `slow_down` too. It sends no secret: the application is a public one.

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"github.com/cli/oauth"
)

// snippet
func login(show func(code, address string) error) (string, error) {
	flow := &oauth.Flow{
		Host: &oauth.Host{
			DeviceCodeURL: os.Getenv("ISSUER") + "/api/oauth2/device_authorization",
			TokenURL:      os.Getenv("ISSUER") + "/api/oauth2/token",
		},
		ClientID:    os.Getenv("CLIENT_ID"),
		Scopes:      []string{"identify"},
		DisplayCode: show,
		BrowseURL:   func(string) error { return nil },
	}
	token, err := flow.DeviceFlow()
	if err != nil {
		return "", err
	}
	return token.Token, nil
}

// end of snippet

func raised(message string) any {
	return map[string]any{"raised": map[string]string{"type": "error", "message": message}}
}

func main() {
	said := make(chan any, 2)
	say := func(answer any) {
		line, _ := json.Marshal(answer)
		fmt.Println(string(line))
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var call []string
		json.Unmarshal(lines.Bytes(), &call)
		switch call[0] {
		case "device":
			go func() {
				token, err := login(func(code, _ string) error {
					said <- map[string]string{"returned": code}
					return nil
				})
				if err != nil {
					said <- raised(err.Error())
				} else {
					said <- map[string]any{"returned": map[string]string{"access_token": token}}
				}
			}()
			say(<-said)
		case "poll":
			say(<-said)
		default:
			say(raised("no such call"))
		}
	}
}
