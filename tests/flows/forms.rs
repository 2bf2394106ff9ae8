//! Every form of every page: it is taken from whoever was shown it, and from nobody else (CSRF).

use serde_json::json;

use crate::world::{Answer, Browser, Form, PASSWORD, World};

/// A form, and who was shown it.
struct Shown<'w> {
    browser: &'w Browser<'w>,
    page: String,
    form: Form,
}

/// Whether a form was refused as not ours.
fn is_refused(answer: &Answer) -> bool {
    let alerts = answer.texts("[role=alert]");
    let login_again = alerts
        .iter()
        .any(|it| it.starts_with("The form was open too long"));
    answer.status == 403 && (answer.texts("h1") == ["Please try again"] || login_again)
}

/// What a form is for. Logging in and out is the same from wherever one comes, and so is everything
/// on one page of an account; a consent form is for its very request.
fn purpose(form: &Form) -> &str {
    let action = form.action.split('#').next().unwrap_or_default();
    match action.split_once('?') {
        Some((path @ ("/login" | "/logout"), _)) => path,
        _ => action,
    }
}

/// The forms of pages, but for the choice of language: whoever sends that changes nothing else.
fn forms_of<'w>(browser: &'w Browser<'w>, pages: &[String]) -> Vec<Shown<'w>> {
    let mut shown = Vec::new();
    for page in pages {
        let forms = browser.get(page).expect(200).forms().into_iter();
        let forms = forms.filter(|form| form.action != "/language");
        let before = shown.len();
        shown.extend(forms.map(|form| Shown {
            browser,
            page: page.clone(),
            form,
        }));
        assert!(shown.len() > before, "{page} has no form");
    }
    shown
}

#[test]
fn a_form_is_taken_from_whoever_was_shown_it_and_nobody_else() {
    let world = World::new();
    let (alice, again, staff, nobody) = (
        world.alices_browser(),
        world.alices_browser(),
        world.browser(),
        world.browser(),
    );
    staff.log_in(&world.staff);
    let own = world.application(&json!({"name": "Own", "owner_id": world.alice.id, "bot": true}));
    let bot = world.bot();
    world.guild("G", &world.alice);
    world.tokens_for(&alice, &world.server);
    let asks = world.device.asks().target();
    let pages = [
        asks.clone(),
        bot.bot_link().target(),
        "/logout".to_owned(),
        "/settings".to_owned(),
        "/settings/authorizations".to_owned(),
        "/developers".to_owned(),
        format!("/developers/{}", own.id),
    ];
    let admin_pages = [
        format!("/admin/users/{}", world.alice.id),
        format!("/admin/applications/{}", bot.id),
    ];
    let login = format!(
        "/login?return_to={}",
        asks.replace('%', "%25").replace('&', "%26")
    );
    let mut shown = forms_of(&alice, &pages);
    shown.extend(forms_of(&staff, &admin_pages));
    shown.extend(forms_of(&nobody, &["/login".to_owned(), login]));
    assert!(shown.len() > 15, "{}", shown.len());
    // The same pages, shown to the same user in another session.
    let elsewhere = forms_of(&again, &pages);

    for Shown {
        browser,
        page,
        form,
    } in &shown
    {
        let refused = |token: Option<&str>, whose: &str| {
            let mut sent = form.clone().with("password", PASSWORD);
            sent.fields.retain(|(name, _)| name != "csrf_token");
            if let Some(token) = token {
                sent = sent.with("csrf_token", token);
            }
            for action in ["everything", "delete", "grant", "save"] {
                let sent = sent
                    .clone()
                    .with("action", action)
                    .with("decision", "approve");
                let answer = browser.submit(&sent);
                assert!(
                    is_refused(&answer),
                    "{} on {page}, {whose}: {}",
                    form.action,
                    answer.body
                );
            }
        };
        refused(None, "no token");
        refused(Some(""), "an empty token");
        refused(Some("AAAA.BBBB"), "no token of ours");
        let token = form.field("csrf_token");
        refused(Some(&token[..token.len() - 2]), "a token cut short");
        let others = shown.iter().chain(&elsewhere).filter(|other| {
            purpose(&other.form) != purpose(form) || !core::ptr::eq(other.browser, *browser)
        });
        for other in world.some(others, 11) {
            refused(Some(other.form.field("csrf_token")), &other.page);
        }
    }
    // What was shown is taken: the forms themselves are not what was wrong. Logging out comes last.
    shown.sort_by_key(|shown| shown.form.action.starts_with("/logout"));
    for Shown {
        browser,
        page,
        form,
    } in &shown
    {
        let sent = form.clone().with("action", "x").with("decision", "x");
        let answer = browser.submit(&sent);
        assert!(!is_refused(&answer), "{} on {page}", form.action);
    }
}
