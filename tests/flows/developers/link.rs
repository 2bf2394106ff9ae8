//! The authorize URL builder: what it shows works, and it shows nothing that does not.

use fluxer_oauth2::http::Method;
use serde_json::json;

use super::{REDIRECT, create, form, path};
use crate::private_key_jwt::Signing;
use crate::world::{Answer, CHALLENGE, VERIFIER, World, selector};

/// What is on the page for pasting.
pub(super) fn pasted(page: &Answer, what: &str) -> String {
    page.texts(&format!("pre#{what}")).remove(0)
}

#[test]
fn the_link_that_is_built_works() {
    let world = World::new();
    let browser = world.alices_browser();
    let both = format!("https://first.example/cb\n{REDIRECT}");
    let mut app = create(&browser, "Mine", "confidential", &both);
    let page = browser.get(&path(&app));
    assert!(
        pasted(&page, "url")
            .contains("&redirect_uri=https%3A%2F%2Ffirst.example%2Fcb&scope=identify&")
    );
    let built = page.form_with("select[name=redirect_uri]");
    assert_eq!(built.action, format!("{}#link", path(&app)));

    app.redirect_uri = REDIRECT.to_owned();
    let query = "scope=guilds&scope=identify&redirect_uri=1";
    let page = browser.get(&format!("{}?{query}", path(&app))).expect(200);
    let url = pasted(&page, "url");
    let target = url
        .strip_prefix(&*world.config.issuer.as_str().to_owned())
        .expect("ours");
    let consent = browser
        .get(target)
        .expect(200)
        .form("decision")
        .with("decision", "approve");
    let answer = browser.submit(&consent).expect(303);
    assert_eq!(answer.parameter("state").as_deref(), Some("STATE"));
    let tokens = world
        .exchange(&app, &answer.parameter("code").expect("a code"))
        .tokens();
    assert_eq!(tokens.scope, "identify guilds");
    let curl = pasted(&page, "curl");
    assert!(
        curl.contains(&format!("-u '{}:CLIENT_SECRET'", app.id)),
        "{curl}"
    );
    assert!(
        curl.contains(&format!("--data-urlencode 'redirect_uri={REDIRECT}'")),
        "{curl}"
    );
    let snippet = pasted(&page, "snippet");
    assert!(
        snippet.contains("const url = authorizeUrl(config, state);"),
        "{snippet}"
    );
    assert!(
        snippet.contains("  scope: 'identify guilds',\n"),
        "{snippet}"
    );
    assert!(
        snippet.contains(&format!("  redirectUri: '{REDIRECT}',\n")),
        "{snippet}"
    );
    let ticked = page.form_with("select[name=redirect_uri]");
    assert_eq!(ticked.fields.len(), 3, "what was chosen stays: {ticked:?}");
    assert_eq!(ticked.field("redirect_uri"), "1");
}

#[test]
fn only_what_the_application_may_ask_for_is_offered() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = create(&browser, "Mine", "confidential", REDIRECT);
    let offered = |page: &Answer| {
        let document = page.document();
        let boxes = selector("[name=scope]");
        let scopes = document
            .select(&boxes)
            .map(|it| it.attr("value").expect("a value").to_owned());
        scopes.collect::<Vec<_>>().join(" ")
    };
    let forged = "?scope=admin&scope=bot&scope=x&redirect_uri=https://evil.example/&permissions=8&permissions=x";
    let page = browser.get(&format!("{}{forged}", path(&app))).expect(200);
    assert_eq!(
        offered(&page),
        "identify email guilds connections openid profile offline_access"
    );
    let url = pasted(&page, "url");
    assert!(url.contains("&scope=identify&state=STATE"), "{url}");
    assert!(!page.texts("pre").join("\n").contains("evil.example"));
    assert!(page.texts("[name=permissions]").is_empty());
    browser.get(&format!("{}?%zz", path(&app))).expect(200);

    let trust = json!({"trusted": true});
    let admin = format!("/api/admin/applications/{}", app.id);
    world
        .administer(Method::Patch, &admin, Some(&trust))
        .expect(200);
    browser.submit(&form(&page, "add-bot")).expect(200);
    let page = browser.get(&format!(
        "{}?scope=identify&scope=bot&permissions=2048&permissions=8",
        path(&app)
    ));
    assert_eq!(
        offered(&page),
        "identify email guilds connections bot admin openid profile offline_access"
    );
    let url = pasted(&page, "url");
    assert!(
        url.contains("&scope=identify+bot&permissions=2056&state=STATE"),
        "{url}"
    );
    assert_eq!(page.texts("output"), ["2056"]);
    let snippet = pasted(&page, "snippet");
    assert!(
        snippet.contains(
            "botInviteUrl(config, { permissions: ['ADMINISTRATOR', 'SEND_MESSAGES'], state });"
        ),
        "{snippet}"
    );
    let page = browser.get(&format!(
        "{}?scope=bot&permissions=2048&permissions=524288",
        path(&app)
    ));
    let url = pasted(&page, "url");
    let bot = format!(
        "/oauth2/authorize?client_id={}&scope=bot&permissions=2048",
        app.id
    );
    assert!(url.ends_with(&bot), "bit 19 does not exist: {url}");
    assert_eq!(page.texts("pre#curl").len(), 0);
    browser.get(&bot).expect(200);
    // Where a code is required, the link has one.
    let page = browser.submit(&form(&page, "save").with("bot_require_code_grant", "yes"));
    page.expect(303);
    let page = browser.get(&format!("{}?scope=bot", path(&app)));
    assert!(pasted(&page, "url").contains("response_type=code"));
    // Without a redirect URI there is nowhere to send one.
    browser
        .submit(&form(&page, "save").with("redirect_uris", ""))
        .expect(303);
    let page = browser.get(&path(&app));
    assert!(page.body.contains("Register a redirect URI first") && page.texts("pre").is_empty());
}

#[test]
fn a_public_application_s_link_has_a_challenge() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = create(&browser, "Device", "public", "com.example.app:/it's");
    let page = browser.get(&path(&app));
    let url = pasted(&page, "url");
    assert!(
        url.ends_with("&state=STATE&code_challenge=CODE_CHALLENGE&code_challenge_method=S256"),
        "{url}"
    );
    let target = url
        .strip_prefix(world.config.issuer.as_str())
        .expect("ours");
    let target = target.replace("CODE_CHALLENGE", CHALLENGE);
    let consent = browser
        .get(&target)
        .expect(200)
        .form("decision")
        .with("decision", "approve");
    let code = browser
        .submit(&consent)
        .expect(303)
        .parameter("code")
        .expect("a code");
    world.exchange(&app, &code).expect(200);
    let curl = pasted(&page, "curl");
    assert!(
        curl.contains("-d code_verifier=CODE_VERIFIER \\\n") && !curl.contains("-u "),
        "{curl}"
    );
    assert!(
        curl.ends_with("'redirect_uri=com.example.app:/it'\\''s'"),
        "{curl}"
    );
    let snippet = pasted(&page, "snippet");
    assert!(
        snippet.contains("redirectUri: 'com.example.app:/it\\'s'"),
        "{snippet}"
    );
    assert!(
        snippet.contains("authorizeUrl(config, state, { pkce })"),
        "{snippet}"
    );
    assert!(
        snippet.contains("{ code, codeVerifier: pkce.codeVerifier }"),
        "{snippet}"
    );
    assert!(!snippet.contains("clientSecret") && !snippet.contains(VERIFIER));
}

#[test]
fn an_application_that_signs_pastes_no_secret_and_one_that_pushes_no_plain_link() {
    let world = World::new();
    let browser = world.alices_browser();
    for (profile, is_pushed) in [("default", false), ("fapi2", true)] {
        let settings = json!({"owner_id": world.alice.id, "profile": profile});
        let app = Signing::new(&world, &settings).app;
        let page = browser.get(&path(&app)).expect(200);
        let snippet = pasted(&page, "snippet");
        assert!(
            snippet.contains("privateKeyJwt: { privateKey, kid }"),
            "{snippet}"
        );
        assert!(!page.body.contains("CLIENT_SECRET"));
        for of in ["#authlib", "#oauth2-proxy", "#oidc-client-ts"] {
            assert_eq!(page.texts(of).len(), 0, "{of}");
        }
        let says = |what: &str| snippet.contains(what);
        assert_eq!(
            says("const url = await par(config, state, { pkce });"),
            is_pushed
        );
        assert_eq!(says("dpop: await generateDpopKey(),"), is_pushed);
        assert_eq!(says("const url = authorizeUrl(config, state);"), !is_pushed);
        assert_eq!(page.texts("pre#url").is_empty(), is_pushed);
        let curl = page.texts("pre#curl");
        assert_eq!(curl.is_empty(), is_pushed);
        for curl in curl {
            assert!(curl.contains("-d client_assertion=ASSERTION"), "{curl}");
        }
    }
    let bound = json!({
        "name": "Bound", "owner_id": world.alice.id, "redirect_uris": [REDIRECT], "dpop_bound_access_tokens": true,
    });
    let page = browser.get(&path(&world.application(&bound))).expect(200);
    assert!(pasted(&page, "curl").contains("-H 'DPoP: PROOF'"));
    assert!(pasted(&page, "snippet").contains("dpop: await generateDpopKey(),"));
}
