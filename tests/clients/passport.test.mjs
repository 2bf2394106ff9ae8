// Client: passport-oauth2; passport-discord
// Ecosystem: JavaScript
// Version: npm:passport-oauth2; npm:passport-discord
// Setting: none; its addresses are those of this server
// Proves: login, refresh, revocation, denial, limited answer, outage
//
// passport-oauth2 in a small express application, and passport-discord on endpoints that are not
// Discord's. Neither revokes; refreshing is passport-oauth2-refresh's.

import { promisify } from 'node:util';

import express from 'express';
import session from 'express-session';
import { Passport } from 'passport';
import DiscordStrategy from 'passport-discord';
import OAuth2Strategy from 'passport-oauth2';
import { AuthTokenRefresh } from 'passport-oauth2-refresh';

import { Reported, application, is, journey, said, serve, world } from './journey.mjs';

/** A strategy that asks Fluxer who the user is, as passport-oauth2 wants its subclasses to. */
const asking = (Strategy) => class extends Strategy {
  constructor(...args) {
    super(...args);
    this._oauth2.useAuthorizationHeaderforGET(true); // RFC 6750 §2.1, where its default is §2.3
  }

  userProfile(token, done) {
    this._oauth2.get(world.at('/api/users/@me'), token, (error, body) => (error ? done(error) : done(null, JSON.parse(body))));
  }
};

for (const [name, Strategy, type, pkce] of [
  ['passport-oauth2', OAuth2Strategy, 'confidential', true],
  ['passport-oauth2 without PKCE', OAuth2Strategy, 'confidential', false],
  ['passport-oauth2, public', OAuth2Strategy, 'public', true], // sends an empty `client_secret`
  ['passport-discord', DiscordStrategy, 'confidential', false],
]) {
  journey(name, {
    async client(t) {
      const site = express();
      const origin = await serve(t, site);
      const app = await application(type, { redirect_uris: [`${origin}/callback`] });
      const passport = new Passport();
      const strategy = new (asking(Strategy))({
        authorizationURL: world.at('/oauth2/authorize'), tokenURL: world.at('/api/oauth2/token'),
        clientID: app.id, clientSecret: app.secret ?? '', callbackURL: `${origin}/callback`, scope: ['identify', 'email'], state: true, pkce,
      }, (access_token, refresh_token, profile, done) => done(null, { access_token, refresh_token, profile }));
      passport.use('fluxer', strategy);
      const refresh = new AuthTokenRefresh();
      refresh.use('fluxer', strategy);

      site.use(session({ secret: 'of the session', resave: false, saveUninitialized: false }));
      site.get('/login', passport.authenticate('fluxer'));
      site.get('/callback', (request, response, next) => passport.authenticate('fluxer', (error, user, info) => {
        if (error) response.status(500).json({ type: error.name, code: error.code, description: error.message });
        else if (!user) response.status(403).json({ type: 'fail', description: info.message });
        else response.json(user);
      })(request, response, next));

      let profile;
      return {
        application: app,
        enter: (browser) => browser.open(`${origin}/login`),
        callback(page) {
          const { profile: theirs, ...tokens } = said(page);
          profile = theirs;
          return tokens;
        },
        me: (token) => promisify((done) => strategy.userProfile(token, done))().then((me) => ({ ...profile, ...me })),
        refresh: (token) => new Promise((resolve, reject) => {
          refresh.requestNewAccessToken('fluxer', token, (error, access_token, refresh_token) => {
            if (error) reject(error);
            else resolve({ access_token, refresh_token });
          });
        }),
      };
    },
    pkce,
    denied: is(Reported, { type: 'fail', description: 'The user denied access' }),
    badCode: is(Reported, { type: 'TokenError', code: 'invalid_grant', description: 'Invalid authorization code' }),
    ended: ({ statusCode, data }) => statusCode === 400 && JSON.parse(data).error === 'invalid_grant',
  });
}
