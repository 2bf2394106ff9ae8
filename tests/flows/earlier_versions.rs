//! What earlier versions stored and signed, letter by letter, goes on being read for as long as it can
//! live. Nothing here may be written anew when the code changes: add to it.

use fluxer_oauth2::id::FamilyId;
use fluxer_oauth2::oauth::binding::TokenBinding;
use fluxer_oauth2::oauth::code::{Code, CodeSeed};
use fluxer_oauth2::oauth::scope::Scopes;
use fluxer_oauth2::oauth::token::access::{AccessToken, Marks, Subject};
use fluxer_oauth2::oauth::token::refresh::RefreshToken;
use fluxer_oauth2::snowflake::{ApplicationId, UserId};
use fluxer_oauth2::time::Timestamp;
use serde_json::{Value, json};

use crate::world::{App, HTTP, Native, VERIFIER, With, get, text};

/// A family whose code waits, as version 0.1 wrote it. `NOW` stands for the time.
const OFFERED: &str = r#"{"offered":{"approval":{"grant":{"scope":"identify email","redirect_uri":"https://server.example/cb?fixed=1","code_challenge":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM","device":"Mozilla/5.0 (X11; Linux x86_64)","address":"192.0.2.1"},"opened_at":NOW,"code_expires_at":LATER},"misses":0}}"#;
/// Without anything that may be missing.
const OFFERED_IN_SHORT: &str = r#"{"offered":{"approval":{"grant":{"scope":"identify email","redirect_uri":"https://server.example/cb?fixed=1"},"opened_at":NOW,"code_expires_at":LATER},"misses":3}}"#;
/// A family whose tokens work.
const LIVE: &str = r#"{"live":{"approval":{"grant":{"scope":"identify","redirect_uri":"https://server.example/cb?fixed=1","guild":{"id":"1","name":"A guild","icon":null,"permissions":"8"}},"opened_at":NOW,"code_expires_at":LATER},"redeemed_at":NOW,"attempt":"AAAAAAAAAAAAAAAAAAAAAA","generation":2,"rotated_at":NOW,"expires_at":LATER}}"#;
/// A family that was revoked, or a token of client credentials that was.
const ENDED: &str = r#"{"ended":{"until":LATER}}"#;
/// A code's record in KV.
const RECORD: &str = r#"{"user":"USER","application":"APPLICATION","grant":{"scope":"identify email","redirect_uri":"https://server.example/cb?fixed=1","code_challenge":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM","device":"Mozilla/5.0 (X11; Linux x86_64)","address":"192.0.2.1"},"expires_at":LATER}"#;

/// A server where Alice and an application meet.
struct Before {
    world: Native,
    user: UserId,
    application: ApplicationId,
}

impl Before {
    fn new() -> Self {
        let world = Native::new();
        Self {
            user: UserId::parse(&world.alice.id).unwrap(),
            application: ApplicationId::parse(&world.server.id).unwrap(),
            world,
        }
    }

    fn app(&self) -> &App {
        &self.world.server
    }

    fn later(&self) -> Timestamp {
        self.world.now() + core::time::Duration::from_secs(600)
    }

    fn written(&self, row: &str) -> String {
        row.replace("NOW", &self.world.now().millis().to_string())
            .replace("LATER", &self.later().millis().to_string())
            .replace("USER", &self.world.alice.id)
            .replace("APPLICATION", &self.app().id)
    }

    fn put(&self, family: FamilyId, row: &str) {
        let ledger = format!("{}:{}", self.user, self.application);
        self.world
            .memory
            .put_family(&ledger, family, &self.written(row));
    }

    fn code(&self) -> Code {
        let (keyring, seed) = (&self.world.config.keyring, CodeSeed([7; 16]));
        Code::issue(keyring, self.user, self.application, false, None, &seed).unwrap()
    }

    fn refresh_token(&self, family: FamilyId) -> String {
        let token = RefreshToken {
            user: self.user,
            application: self.application,
            family,
            generation: 2,
            issued_at: self.world.now(),
            expires_at: self.later(),
            openid: false,
            resource: None,
        };
        token.sign(&self.world.config.keyring, HTTP).unwrap()
    }

    /// A token of client credentials, whose withdrawal stands in the ledger of all of them.
    fn own_token(&self, family: FamilyId) -> String {
        let token = AccessToken {
            subject: Subject::Application(family, Marks::OfItsApplication),
            application: self.application,
            scope: Scopes::NONE,
            binding: TokenBinding::Bearer,
            issued_at: self.world.now(),
            expires_at: self.later(),
        };
        let keyring = &self.world.config.keyring;
        token
            .sign(
                keyring,
                HTTP,
                token.application.to_string(),
                "AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
            )
            .unwrap()
    }
}

#[test]
fn a_code_is_redeemed_whether_or_not_its_record_is_found() {
    for record in [None, Some(RECORD)] {
        let before = Before::new();
        let code = before.code();
        before.put(FamilyId::of_hash(code.hash().bytes()), OFFERED);
        if let Some(record) = record {
            let record = before.written(record);
            before.world.memory.put_record(&code.hash(), &record);
        }
        let mut form = before.app().exchange(code.expose()).clone();
        form.push(("code_verifier", VERIFIER));
        let tokens = before.world.token(before.app(), &form).tokens();
        assert_eq!(tokens.scope, "identify email");
    }
}

#[test]
fn a_record_in_kv_can_be_read() {
    let before = Before::new();
    let code = before.code();
    before.put(FamilyId::of_hash(code.hash().bytes()), OFFERED_IN_SHORT);
    // What time has refused, KV refuses without the ledger: so its record was read.
    let record = before.written(&RECORD.replace("LATER", "NOW"));
    before.world.memory.put_record(&code.hash(), &record);
    let answer = before.world.exchange(before.app(), code.expose());
    assert_eq!(answer.expect(400).error(), "invalid_grant");
}

#[test]
fn a_code_without_pkce_is_redeemed() {
    let before = Before::new();
    let code = before.code();
    before.put(FamilyId::of_hash(code.hash().bytes()), OFFERED_IN_SHORT);
    before.world.exchange(before.app(), code.expose()).tokens();
}

#[test]
fn a_live_family_goes_on() {
    let before = Before::new();
    let family = FamilyId::from_bytes([3; 16]);
    before.put(family, LIVE);
    let token = before.refresh_token(family);
    assert_eq!(
        before.world.introspect(before.app(), &token)["active"],
        true
    );
    let tokens = before.world.refresh(before.app(), &token).tokens();
    assert_eq!(tokens.scope, "identify");
    before.world.me(&tokens.access).expect(200);
}

#[test]
fn an_ended_family_stays_ended() {
    let before = Before::new();
    let family = FamilyId::from_bytes([3; 16]);
    before.put(family, ENDED);
    let token = before.refresh_token(family);
    let answer = before.world.refresh(before.app(), &token);
    assert_eq!(answer.expect(400).error(), "invalid_grant");
}

#[test]
fn a_token_of_client_credentials_works_until_it_is_revoked() {
    let before = Before::new();
    let token = before.own_token(FamilyId::from_bytes([5; 16]));
    let inactive = json!({"active": false});
    before
        .world
        .send(get("/api/oauth2/@me").bearer(&token))
        .expect(200);
    before.world.revoke(before.app(), &token).expect(200);
    assert_eq!(before.world.introspect(before.app(), &token), inactive);

    // One that the earlier version revoked stays so.
    let family = FamilyId::from_bytes([6; 16]);
    let token = before.own_token(family);
    let (ledger, mark) = (format!(":{}", before.application), before.written(ENDED));
    before.world.memory.put_family(&ledger, family, &mark);
    assert_eq!(before.world.introspect(before.app(), &token), inactive);
    before
        .world
        .send(get("/api/oauth2/@me").bearer(&token))
        .expect(401);
}

#[test]
fn every_token_of_client_credentials_has_a_ledger_of_its_own() {
    let world = Native::new();
    let issue = || {
        let form = [("grant_type", "client_credentials")];
        text(&world.token(&world.server, &form).json(), "access_token")
    };
    let tokens = [issue(), issue()];
    for token in &tokens {
        world.revoke(&world.server, token).expect(200);
        let inactive: Value = json!({"active": false});
        assert_eq!(world.introspect(&world.server, token), inactive);
    }
    assert_eq!(world.memory.stored_ledgers().len(), 2);
}
