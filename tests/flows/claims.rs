//! What an assertion and a proof are spent on: an answer. A fault of ours spends none, at whichever step of
//! whichever flow it happens, and one answer spends both.

use fluxer_oauth2::http::Request;
use fluxer_oauth2::store::memory::{Isolate, KvMood};
use serde_json::json;

use crate::dpop::Holder;
use crate::faults::{Attempt, Flow, Format, attempt, inject_all};
use crate::private_key_jwt::Signing;
use crate::world::{Answer, Browser, CHALLENGE, Native, With};

const TOKEN: &str = "/api/oauth2/token";
const PAR: &str = "/api/oauth2/par";
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A client that signs, and proves to hold a key.
struct Strong {
    client: Signing,
    holder: Holder,
}

impl Strong {
    fn new(world: &Native) -> Self {
        let grants = [
            "authorization_code",
            "refresh_token",
            "client_credentials",
            DEVICE,
        ];
        let client = Signing::new(world, &json!({"grant_types": grants}));
        let holder = Holder::p256();
        Self { client, holder }
    }

    /// A request with an assertion, and where an endpoint takes one with a proof.
    fn request(&self, world: &Native, path: &str, form: &[(&str, &str)]) -> Request {
        let request = self.client.request(world, path, form);
        if [TOKEN, PAR].contains(&path) {
            return request.with("dpop", &self.holder.proof(world, "POST", path));
        }
        request
    }

    fn exchange(&self, world: &Native, browser: &Browser<'_>) -> Request {
        let code = browser.code(&self.client.app.asks());
        self.request(world, TOKEN, &self.client.app.exchange(&code))
    }
}

/// A request that is answered once: the same one, sent again after its answer, is refused for its `jti`.
fn once(world: &Native, request: Request) -> Attempt<'_> {
    let again = request.clone();
    attempt(
        move || world.send(request.clone()),
        move |answer| {
            assert!([200, 201].contains(&answer.status), "{}", answer.body);
            let refused = world.send(again.clone());
            assert!([400, 401].contains(&refused.status), "{}", refused.body);
            assert!(refused.body.contains("jti"), "{}", refused.body);
        },
    )
}

/// The answer of a request that no fault meets.
fn answered(world: &Native, request: Request) -> Answer {
    let answer = world.send(request);
    assert!([200, 201].contains(&answer.status), "{}", answer.body);
    answer
}

const FLOWS: &[Flow] = &[
    Flow {
        name: "client credentials with an assertion and a proof",
        format: Format::OAuth,
        survives: &["limiter"],
        prepare: |world, _| {
            let own = [("grant_type", "client_credentials")];
            once(world, Strong::new(world).request(world, TOKEN, &own))
        },
    },
    Flow {
        name: "a code with an assertion and a proof",
        format: Format::OAuth,
        survives: &["limiter", "ledger", "kv.get"],
        prepare: |world, browser| once(world, Strong::new(world).exchange(world, browser)),
    },
    Flow {
        name: "a refresh with an assertion and a proof",
        format: Format::OAuth,
        survives: &["limiter", "d1.read"],
        prepare: |world, browser| {
            let strong = Strong::new(world);
            let tokens = answered(world, strong.exchange(world, browser)).tokens();
            let refresh = ("refresh_token", &*tokens.refresh);
            let form = [("grant_type", "refresh_token"), refresh];
            once(world, strong.request(world, TOKEN, &form))
        },
    },
    Flow {
        name: "a refresh of a public application with a proof",
        format: Format::OAuth,
        survives: &["limiter", "d1.read"],
        prepare: |world, browser| {
            let (app, holder) = (&world.device, Holder::ed25519());
            let proved = |form: &[(&str, &str)]| {
                let request = app.post(TOKEN, form);
                request.with("dpop", &holder.proof(world, "POST", TOKEN))
            };
            let code = browser.code(&app.asks());
            let tokens = answered(world, proved(&app.exchange(&code))).tokens();
            let refresh = ("refresh_token", &*tokens.refresh);
            once(world, proved(&[("grant_type", "refresh_token"), refresh]))
        },
    },
    Flow {
        name: "a device with an assertion and a proof",
        format: Format::OAuth,
        survives: &["limiter", "ledger"],
        prepare: |world, browser| {
            let strong = Strong::new(world);
            let ask = strong.request(world, "/api/oauth2/device_authorization", &[]);
            let asked = answered(world, ask).json();
            let page = format!("/device?user_code={}", asked["user_code"].as_str().unwrap());
            let typed = browser.submit(&browser.get(&page).form("user_code"));
            let consent = typed.form("decision").with("decision", "approve");
            browser.submit(&consent).expect(200);
            let code = asked["device_code"].as_str().unwrap();
            let form = [("grant_type", DEVICE), ("device_code", code)];
            once(world, strong.request(world, TOKEN, &form))
        },
    },
    Flow {
        name: "a device asks with an assertion",
        format: Format::OAuth,
        survives: &["limiter"],
        prepare: |world, _| {
            let path = "/api/oauth2/device_authorization";
            once(world, Strong::new(world).request(world, path, &[]))
        },
    },
    Flow {
        name: "a pushed request with an assertion and a proof",
        format: Format::OAuth,
        survives: &["limiter"],
        prepare: |world, _| {
            let strong = Strong::new(world);
            let asks = [
                ("response_type", "code"),
                ("redirect_uri", &*strong.client.app.redirect_uri),
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "S256"),
            ];
            once(world, strong.request(world, PAR, &asks))
        },
    },
    Flow {
        name: "introspect with an assertion",
        format: Format::OAuth,
        survives: &["limiter", "d1.read"],
        prepare: |world, browser| {
            let strong = Strong::new(world);
            let tokens = answered(world, strong.exchange(world, browser)).tokens();
            let token = [("token", &*tokens.access)];
            once(
                world,
                strong.request(world, "/api/oauth2/introspect", &token),
            )
        },
    },
    Flow {
        name: "revoke with an assertion",
        format: Format::OAuth,
        survives: &["limiter", "d1.read", "d1.write"],
        prepare: |world, browser| {
            let strong = Strong::new(world);
            let tokens = answered(world, strong.exchange(world, browser)).tokens();
            let token = [("token", &*tokens.refresh)];
            once(world, strong.request(world, "/api/oauth2/revoke", &token))
        },
    },
];

#[test]
fn no_fault_spends_an_assertion_or_a_proof() {
    let injected = inject_all(FLOWS, &[KvMood::Fresh, KvMood::Missing]);
    assert!(injected > 150, "{injected}");
}

#[test]
fn nor_does_an_outage_however_long_it_lasts() {
    let world = Native::new();
    world.memory.isolate.set(Isolate::Cold);
    let browser = world.alices_browser();
    for flow in FLOWS {
        for part in ["pending", "ledger", "d1"] {
            let attempt = (flow.prepare)(&world, &browser);
            world.memory.outage.set(Some(part));
            let faults = (0..3)
                .take_while(|_| (attempt.send)().status == 503)
                .count();
            world.memory.outage.set(None);
            if part == "pending" {
                assert_eq!(faults, 3, "{}: {part}", flow.name);
            }
            // Whatever did without it has its answer.
            if faults == 3 {
                (attempt.check)((attempt.send)());
            }
        }
    }
}
