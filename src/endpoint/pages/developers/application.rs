//! `/developers/{application}`: the page of one application, with everything that its owner can do with it.

use core::time::Duration;

use futures_util::future::join;

use crate::crypto::secret::{ClientSecret, Secret};
use crate::endpoint::api::applications::operations::{self, BotOwner, MAX_GRACE, SecretOwner};
use crate::endpoint::body::{Control, Fields};
use crate::endpoint::caller::LoggedIn;
use crate::endpoint::deliveries::webhook_secret;
use crate::endpoint::pages::developers::{PATH, deleted, not_found};
use crate::endpoint::sudo::{self, Checked};
use crate::endpoint::{Context, Failure, Notice, PageRefusal};
use crate::fluxer::api_error::{ApiError, FieldError};
use crate::fluxer::application::{Application, ApplicationChange};
use crate::fluxer::icon::Icon;
use crate::fluxer::resource::Resource;
use crate::http::Response;
use crate::location::Target;
use crate::oauth::client::authentication::ClientAuthentication;
use crate::oauth::params::Params;
use crate::page::Page;
use crate::page::developers::{
    ApplicationDone, ApplicationForm, ApplicationPage, ApplicationProblem, Link, OAuthForm,
    Section, usage_since,
};
use crate::page::moment::Moment;
use crate::page::text::Message;
use crate::snowflake::{ApplicationId, Snowflake};
use crate::store::{ApplicationDay, Edge, Fault, Outlook, Paging};

type Answer = Result<Response, Failure<PageRefusal>>;

/// The URL of an application's page that says what was saved.
fn saved(id: ApplicationId, marker: &str) -> Target {
    let path = [PATH, "/", &id.to_string()].concat();
    Target::of(&path, &[("done", marker)])
}

/// The controls of the form with the settings.
const SETTINGS: [(&str, Control); 5] = [
    ("name", Control::Text),
    ("redirect_uris", Control::Lines),
    ("description", Control::Text),
    ("bot_public", Control::CheckBox),
    ("bot_require_code_grant", Control::CheckBox),
];

/// The controls of the form about OAuth. Those of a public application come first: it has no way to authenticate.
const OAUTH: [(&str, Control); 10] = [
    ("grant_types", Control::Choices),
    ("id_token_signed_response_alg", Control::Text),
    ("post_logout_redirect_uris", Control::Lines),
    ("dpop_bound_access_tokens", Control::CheckBox),
    ("require_pushed_authorization_requests", Control::CheckBox),
    ("event_webhook_url", Control::Text),
    ("token_endpoint_auth_method", Control::Text),
    ("jwks", Control::Json),
    ("jwks_uri", Control::Text),
    ("profile", Control::Text),
];
/// The number of these controls that a public application has.
const OAUTH_OF_PUBLIC: usize = 6;

/// Most resource servers that the page shows.
const RESOURCES: u32 = 10;

/// `GET`: shows the page.
pub async fn show<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let logged_in = cx.account().await?;
    let application = owned(cx, &logged_in, id).await?;
    let since = usage_since(cx.now);
    let first = Paging {
        after: None,
        limit: RESOURCES,
    };
    let usage = cx.edge.application_days(application.client.id, since);
    let (usage, resources) = join(usage, cx.edge.resources(first)).await;
    let view = OwnerView {
        cx,
        application,
        logged_in,
        usage: Some(usage?),
        resources: resources?,
    };
    let done = [
        ("saved", ApplicationDone::Saved),
        ("oauth", ApplicationDone::OAuthSaved),
        ("icon", ApplicationDone::IconChanged),
    ]
    .into_iter();
    let id = view.application.client.id;
    let mut done = done.filter(|(marker, _)| cx.request.target() == saved(id, marker).as_str());
    let saved = done.next().map(|(_, done)| done);
    Ok(view.page(saved)?)
}

/// `POST`: does what the form's `action` names.
pub async fn submit<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let logged_in = cx.account().await?;
    let posted = cx.account_form(&logged_in)?;
    let view = OwnerView {
        cx,
        application: owned(cx, &logged_in, id).await?,
        logged_in,
        usage: None,
        resources: Vec::new(),
    };
    match posted.one("action") {
        Ok(Some("save")) => view.save(&posted).await,
        Ok(Some("save-oauth")) => view.save_oauth(&posted).await,
        Ok(Some("icon")) => view.set_icon().await,
        Ok(Some("remove-icon")) => view.remove_icon().await,
        Ok(Some("rotate-secret")) => view.rotate_secret(&posted).await,
        Ok(Some("reset-secret")) => view.reset_secret(&posted).await,
        Ok(Some("add-bot")) => view.add_bot().await,
        Ok(Some("reset-bot-token")) => view.reset_bot_token(&posted).await,
        Ok(Some("delete")) => view.delete(&posted).await,
        _ => Err(Notice::new(400, Message::BadBody).into()),
    }
}

/// The application, where this user owns it.
async fn owned<E: Edge>(
    cx: &Context<'_, E>,
    logged_in: &LoggedIn,
    id: &str,
) -> Result<Application, Failure<PageRefusal>> {
    match operations::current(cx, id).await {
        Ok(application) if application.owner == Some(logged_in.session.user.id) => Ok(application),
        Ok(_) | Err(Failure::Refused(_)) => Err(not_found().into()),
        Err(Failure::Fault(fault)) => Err(Failure::Fault(fault)),
    }
}

/// The page of an application, as its owner sees it.
struct OwnerView<'a, E> {
    cx: &'a Context<'a, E>,
    logged_in: LoggedIn,
    application: Application,
    /// How the application goes. `None` where the page answers a form.
    usage: Option<Vec<ApplicationDay>>,
    /// The resource servers that the application may ask for. Empty where the page answers a form.
    resources: Vec<Resource>,
}

impl<E: Edge> OwnerView<'_, E> {
    async fn save(&self, posted: &Params) -> Answer {
        let mut fields = Fields::from_form(posted, &SETTINGS);
        let change = operations::change(&mut fields, &self.application, self.cx.config);
        let change = match fields.finish(Some(change)) {
            Ok(change) => change.besides(&self.application),
            Err(refusal) => {
                let errors = super::mistakes(refusal)?;
                let form = ApplicationForm::typed(posted, errors);
                let problem = (Section::Settings, ApplicationProblem::Fields);
                let oauth = OAuthForm::of(&self.application);
                return Ok(self.render(form, oauth, None, Some(problem))?);
            }
        };
        let id = self.application.client.id;
        if !change.fields().is_empty() {
            let applied = operations::apply(self.cx, self.actor(), &self.application, &change);
            if let Err(failure) = applied.await {
                return self.refuse(Section::Settings, failure);
            }
        }
        Ok(Response::see_other(saved(id, "saved").at("settings")))
    }

    async fn save_oauth(&self, posted: &Params) -> Answer {
        let of_this = if self.application.is_public() {
            OAUTH_OF_PUBLIC
        } else {
            OAUTH.len()
        };
        let controls: Vec<_> = OAUTH.into_iter().take(of_this).collect();
        let mut fields = Fields::from_form(posted, &controls);
        let change = operations::change(&mut fields, &self.application, self.cx.config);
        let change = match fields.finish(Some(change)) {
            Ok(change) => change.besides(&self.application),
            Err(refusal) => {
                let errors = super::mistakes(refusal)?;
                let form = ApplicationForm::of(&self.application);
                let oauth = OAuthForm::typed(posted, &self.application, errors);
                let problem = (Section::OAuth, ApplicationProblem::Fields);
                return Ok(self.render(form, oauth, None, Some(problem))?);
            }
        };
        let id = self.application.client.id;
        if !change.fields().is_empty() {
            let applied = operations::apply(self.cx, self.actor(), &self.application, &change);
            if let Err(failure) = applied.await {
                return self.refuse(Section::OAuth, failure);
            }
        }
        Ok(Response::see_other(saved(id, "oauth").at("oauth")))
    }

    /// Stores another icon. KV keeps icons, and nothing else of the page needs it: where it does not answer, the form
    /// says so.
    async fn set_icon(&self) -> Answer {
        let file = self.cx.file("icon").unwrap_or_default();
        let Some(icon) = Icon::read(file) else {
            let problem = if file.is_empty() {
                ApplicationProblem::NoFile
            } else {
                ApplicationProblem::NoIcon
            };
            return Ok(self.problem(Section::Icon, problem)?);
        };
        let set = operations::set_icon(self.cx, self.actor(), &self.application, &icon).await;
        self.icon_changed(set)
    }

    async fn remove_icon(&self) -> Answer {
        let change = ApplicationChange {
            icon: Some(None),
            ..ApplicationChange::default()
        };
        let set = operations::apply(self.cx, self.actor(), &self.application, &change).await;
        self.icon_changed(set)
    }

    fn icon_changed(&self, set: Result<(), Failure<ApiError>>) -> Answer {
        match set {
            Ok(()) => Ok(Response::see_other(
                saved(self.application.client.id, "icon").at("icon"),
            )),
            Err(Failure::Fault(fault)) if fault.outlook() == Outlook::Transient => {
                self.cx.edge.log(&format!("{fault}: an icon is not kept"));
                let page = self.problem(Section::Icon, ApplicationProblem::NotKept)?;
                Ok(page.with("retry-after", "1"))
            }
            Err(failure) => self.refuse(Section::Icon, failure),
        }
    }

    async fn rotate_secret(self, posted: &Params) -> Answer {
        let owner = match SecretOwner::of(&self.application) {
            Ok(owner) => owner,
            Err(refusal) => return self.refuse(Section::Rotation, refusal.into()),
        };
        let grace = posted.one("grace_seconds").ok().flatten();
        let grace = grace
            .and_then(|it| it.parse().ok())
            .map(Duration::from_secs);
        let Some(grace) = grace.filter(|it| *it <= MAX_GRACE) else {
            return Err(Notice::new(400, Message::BadBody).into());
        };
        if let Some(problem) = self.unconfirmed(posted).await? {
            return Ok(self.problem(Section::Rotation, problem)?);
        }
        match owner.rotate_secret(self.cx, self.actor(), grace).await {
            Ok(secret) => self.new_secret(&secret, Some(grace)),
            Err(failure) => self.refuse(Section::Rotation, failure),
        }
    }

    /// The page with a new secret: beside the former one for `grace`, or in place of all.
    fn new_secret(mut self, secret: &Secret<ClientSecret>, grace: Option<Duration>) -> Answer {
        let is = &mut self.application.client.authentication;
        match (grace, is) {
            (Some(grace), ClientAuthentication::Secret(hashes)) => {
                *hashes = hashes.rotated(secret.hash(), self.cx.now + grace);
            }
            (_, is) => *is = is.with_secret(secret.hash()).unwrap_or_else(|| is.clone()),
        }
        Ok(self.page(Some(ApplicationDone::NewSecret(secret.expose())))?)
    }

    async fn reset_secret(self, posted: &Params) -> Answer {
        let owner = match SecretOwner::of(&self.application) {
            Ok(owner) => owner,
            Err(refusal) => return self.refuse(Section::Secret, refusal.into()),
        };
        if let Some(problem) = self.unconfirmed(posted).await? {
            return Ok(self.problem(Section::Secret, problem)?);
        }
        match owner.reset_secret(self.cx, self.actor()).await {
            Ok(secret) => self.new_secret(&secret, None),
            Err(failure) => self.refuse(Section::Secret, failure),
        }
    }

    async fn add_bot(mut self) -> Answer {
        let actor = self.actor();
        match operations::add_bot(self.cx, actor, &mut self.application).await {
            Ok(token) => Ok(self.page(Some(ApplicationDone::NewToken(token.expose())))?),
            Err(failure) => self.refuse(Section::Bot, failure),
        }
    }

    async fn reset_bot_token(&self, posted: &Params) -> Answer {
        let owner = match BotOwner::of(&self.application) {
            Ok(owner) => owner,
            Err(refusal) => return self.refuse(Section::Bot, refusal.into()),
        };
        if let Some(problem) = self.unconfirmed(posted).await? {
            return Ok(self.problem(Section::Bot, problem)?);
        }
        match owner.reset_token(self.cx, self.actor()).await {
            Ok(token) => Ok(self.page(Some(ApplicationDone::NewToken(token.expose())))?),
            Err(failure) => self.refuse(Section::Bot, failure),
        }
    }

    async fn delete(&self, posted: &Params) -> Answer {
        let typed = posted.one("name").ok().flatten().unwrap_or_default();
        if typed.trim() != self.application.name.as_str() {
            return Ok(self.problem(Section::Delete, ApplicationProblem::WrongName)?);
        }
        if let Some(problem) = self.unconfirmed(posted).await? {
            return Ok(self.problem(Section::Delete, problem)?);
        }
        match operations::remove(self.cx, self.actor(), &self.application).await {
            Ok(()) => Ok(Response::see_other(deleted())),
            Err(failure) => self.refuse(Section::Delete, failure),
        }
    }

    /// The actor that the audit log names.
    const fn actor(&self) -> Snowflake {
        self.logged_in.session.user.id.0
    }

    /// The problem of the password, where it does not confirm what the form asks for.
    async fn unconfirmed(
        &self,
        posted: &Params,
    ) -> Result<Option<ApplicationProblem>, Failure<PageRefusal>> {
        let shown = posted.one("password").ok().flatten();
        let keeps_passwords = self.cx.config.platform.is_none();
        if shown.is_none() && keeps_passwords {
            // Nothing was guessed, so nothing is counted.
            return Ok(Some(ApplicationProblem::WrongPassword));
        }
        let (session, shown) = (&self.logged_in.session, shown.unwrap_or_default());
        Ok(match sudo::check(self.cx, session, shown).await? {
            Checked::Right => None,
            Checked::LogInAgain => {
                let here = self.cx.request.path.clone();
                return Err(PageRefusal::LogInAgain(here).into());
            }
            Checked::Wrong => Some(ApplicationProblem::WrongPassword),
            Checked::TooMany(full) => Some(ApplicationProblem::TooManyAttempts(full.retry_after())),
        })
    }

    /// The page with what an operation refused, beside the form that asked for it.
    fn refuse(&self, section: Section, failure: Failure<ApiError>) -> Answer {
        let refusal = match failure {
            Failure::Fault(fault) => return Err(Failure::Fault(fault)),
            Failure::Refused(refusal) => *refusal,
        };
        let error = match refusal {
            ApiError::InvalidFormBody(errors) => errors.into_iter().next(),
            ApiError::NotABotApplication => Some(FieldError {
                path: "bot".to_owned(),
                message: "is not there; add one".to_owned(),
            }),
            // It was deleted in the meantime.
            _ => None,
        };
        let error = error.ok_or(not_found())?;
        Ok(self.problem(section, ApplicationProblem::Refused(error))?)
    }

    fn problem(&self, section: Section, problem: ApplicationProblem) -> Result<Response, Fault> {
        let form = ApplicationForm::of(&self.application);
        let oauth = OAuthForm::of(&self.application);
        self.render(form, oauth, None, Some((section, problem)))
    }

    fn page(&self, done: Option<ApplicationDone<'_>>) -> Result<Response, Fault> {
        let form = ApplicationForm::of(&self.application);
        self.render(form, OAuthForm::of(&self.application), done, None)
    }

    fn render(
        &self,
        form: ApplicationForm,
        mut oauth: OAuthForm,
        done: Option<ApplicationDone<'_>>,
        problem: Option<(Section, ApplicationProblem)>,
    ) -> Result<Response, Fault> {
        let Self {
            cx, application, ..
        } = self;
        oauth.webhook_secret = webhook_secret(cx.config, application);
        let why = problem.as_ref().map(|(_, why)| why);
        let status = why.map_or(200, ApplicationProblem::status);
        let wait = why.and_then(ApplicationProblem::retry_after);
        let here = cx.request.target();
        let chrome = cx.account_chrome(&here, &self.logged_in);
        let issuer = cx.config.issuer.as_str();
        let error = if problem.is_some() {
            chrome.text.layout.error
        } else {
            ""
        };
        let title = [error, application.name.as_str()].concat();
        let page = ApplicationPage {
            csrf_token: &cx.account_ticket(&self.logged_in)?,
            application,
            registered_on: Moment(application.created_at),
            form,
            oauth,
            done,
            problem,
            usage: self.usage.as_deref(),
            resources: &self.resources,
            link: Link::read(&cx.request.query, application, issuer),
        };
        let response = Page::render(chrome, &title, &page).respond(status);
        Ok(match wait {
            Some(seconds) => response.with("retry-after", seconds.to_string()),
            None => response,
        })
    }
}
