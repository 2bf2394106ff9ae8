// Client: github.com/coreos/go-oidc
// Ecosystem: Go
// Version: 2.1.0 (Debian's golang-github-coreos-go-oidc-dev)
// Install: apt golang-any golang-golang-x-oauth2-dev golang-github-coreos-go-oidc-dev
// Setting: none
// Proves: login, refresh, revocation, denial, limited answer, outage
// Denial: access_denied
// Limited: 429
// Outage: 503

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"

	oidc "github.com/coreos/go-oidc"
	"golang.org/x/oauth2"
)

// snippet
func discover(ctx context.Context) (*oidc.Provider, *oauth2.Config, error) {
	provider, err := oidc.NewProvider(ctx, os.Getenv("ISSUER"))
	if err != nil {
		return nil, nil, err
	}
	return provider, &oauth2.Config{
		ClientID:     os.Getenv("CLIENT_ID"),
		ClientSecret: os.Getenv("CLIENT_SECRET"),
		Endpoint:     provider.Endpoint(),
		RedirectURL:  os.Getenv("REDIRECT_URI"),
		Scopes:       []string{oidc.ScopeOpenID, "identify", "email"},
	}, nil
}

func login(ctx context.Context, provider *oidc.Provider, config *oauth2.Config, code, nonce string) (*oauth2.Token, error) {
	token, err := config.Exchange(ctx, code)
	if err != nil {
		return nil, err
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := provider.Verifier(&oidc.Config{ClientID: config.ClientID}).Verify(ctx, raw)
	if err != nil {
		return nil, err
	}
	if id.Nonce != nonce {
		return nil, fmt.Errorf("another login's ID token")
	}
	return token, id.VerifyAccessToken(token.AccessToken)
}

// end of snippet

func main() {
	ctx := context.Background()
	provider, config, failed := discover(ctx)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var call []string
		json.Unmarshal(lines.Bytes(), &call)
		var returned any
		err := failed
		switch {
		case err != nil:
		case call[0] == "authorize":
			returned = config.AuthCodeURL("of-the-session", oidc.Nonce("of-the-login"))
		case call[0] == "callback":
			address, _ := url.Parse(call[1])
			if denied := address.Query().Get("error"); denied != "" {
				err = fmt.Errorf("%s", denied)
			} else {
				returned, err = login(ctx, provider, config, address.Query().Get("code"), "of-the-login")
			}
		case call[0] == "me":
			var info *oidc.UserInfo
			if info, err = provider.UserInfo(ctx, oauth2.StaticTokenSource(&oauth2.Token{AccessToken: call[1]})); err == nil {
				returned = map[string]string{"sub": info.Subject}
			}
		case call[0] == "refresh":
			returned, err = config.TokenSource(ctx, &oauth2.Token{RefreshToken: call[1]}).Token()
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
