//! `/settings/authorizations`: what a user has authorized, on which devices, and how the user takes it back.

use core::future::{Future, poll_fn};
use core::task::Poll;
use std::rc::Rc;

use crate::endpoint::authorizations::{deauthorize, deauthorize_all, one, revoke_device};
use crate::endpoint::caller::LoggedIn;
use crate::endpoint::{Context, Failure, Notice, PageRefusal};
use crate::fluxer::resource::{DescribedScope, Resource};
use crate::http::Response;
use crate::id::FamilyId;
use crate::ledger::{Device, Devices, LedgerId};
use crate::location::Target;
use crate::oauth::params::Params;
use crate::page::Page;
use crate::page::moment::Moment;
use crate::page::settings::{
    DeviceView, GrantView, More, ResourceView, RevocationDone, SettingsPage,
};
use crate::page::text::{Message, SettingsText};
use crate::snowflake::{ApplicationId, Snowflake, UserId};
use crate::store::{Authorized, Edge, Fault, VendorPlace, WhichResource};

/// The path of the page.
const PATH: &str = "/settings/authorizations";
/// Most applications on one page. Each asks its ledger, so it is also how many ledgers are asked at once.
const APPLICATIONS: u32 = 10;
/// Most devices on one page. Each application has its share of them.
const DEVICES: usize = 20;
/// Most devices of an application that has the page to itself.
const DEVICES_ALONE: usize = 50;

/// `GET`: shows the page.
pub async fn show<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<PageRefusal>> {
    let logged_in = cx.account().await?;
    let view = ListedPart::read(&cx.request.query);
    let (listed, next) = view.list(cx, logged_in.session.user.id).await?;
    let devices = devices(cx, logged_in.session.user.id, &listed).await?;
    let resources = resources(cx, &devices).await?;

    let here = view.target(None);
    let chrome = cx.account_chrome(here.as_str(), &logged_in);
    let text = &chrome.text.settings;
    let next = next.map(|after| ListedPart::after(after).target(None));
    let start = ListedPart::default().target(None);
    let most = match view.application {
        Some(_) => DEVICES_ALONE,
        None => DEVICES / listed.len().max(1),
    };
    let page = SettingsPage {
        action: here.as_str(),
        csrf_token: &cx.account_ticket(&logged_in)?,
        done: view.done,
        grants: listed
            .iter()
            .zip(devices)
            .map(|(authorized, devices)| GrantView {
                resources: elsewhere(&resources, &devices),
                ..view.grant(authorized, devices, most, text)
            })
            .collect(),
        next: next.as_ref().map(Target::as_str),
        start: view.is_part().then_some(start.as_str()),
    };
    let title = chrome.text.layout.authorizations;
    Ok(Page::render(chrome, title, &page).respond(200))
}

/// `POST`: carries out a command, and shows the page again.
pub async fn submit<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<PageRefusal>> {
    let logged_in = cx.account().await?;
    let form = cx.account_form(&logged_in)?;
    let unreadable = || Notice::new(400, Message::BadBody);
    let command = Command::read(&form).ok_or_else(unreadable)?;
    let done = command.run(cx, &logged_in).await?;
    let view = ListedPart::read(&cx.request.query);
    Ok(Response::see_other(view.target(Some(done))))
}

/// The command of a button.
enum Command {
    Device(ApplicationId, FamilyId),
    Application(ApplicationId),
    Everything,
}

impl Command {
    fn read(form: &Params) -> Option<Self> {
        let mut action = form.one("action").ok().flatten()?.split(':');
        let mut part = || action.next();
        match (part()?, part(), part(), part()) {
            ("everything", None, ..) => Some(Self::Everything),
            ("application", Some(id), None, _) => ApplicationId::parse(id).map(Self::Application),
            ("device", Some(id), Some(family), None) => Some(Self::Device(
                ApplicationId::parse(id)?,
                FamilyId::parse(family)?,
            )),
            _ => None,
        }
    }

    /// Carries the command out on what belongs to the user: it asks a ledger of the user's own, whatever the form
    /// says.
    async fn run<E: Edge>(
        self,
        cx: &Context<'_, E>,
        logged_in: &LoggedIn,
    ) -> Result<RevocationDone, Fault> {
        let user = logged_in.session.user.id;
        let (was_there, done) = match self {
            Self::Device(application, family) => (
                revoke_device(cx, user.0, user, application, family).await?,
                RevocationDone::Device,
            ),
            Self::Application(application) => (
                deauthorize(cx, user.0, user, application).await?,
                RevocationDone::Application,
            ),
            Self::Everything => {
                deauthorize_all(cx, user.0, user).await?;
                (true, RevocationDone::Everything)
            }
        };
        Ok(if was_there {
            done
        } else {
            RevocationDone::Nothing
        })
    }
}

/// The part of the list that a request asks for. A query that cannot be read asks for the beginning.
#[derive(Default)]
struct ListedPart {
    after: Option<VendorPlace>,
    /// The one application that the page shows, with all its devices.
    application: Option<ApplicationId>,
    done: Option<RevocationDone>,
}

impl ListedPart {
    fn read(query: &str) -> Self {
        let params = Params::from_form(query);
        let one = |name| params.one(name).ok().flatten();
        let id = |name| one(name).and_then(Snowflake::parse);
        let after = id("after").map(|client| VendorPlace {
            first: id("vendor").unwrap_or(client),
            client,
        });
        Self {
            after,
            application: one("application").and_then(ApplicationId::parse),
            done: one("done").and_then(RevocationDone::from_marker),
        }
    }

    fn after(after: VendorPlace) -> Self {
        Self {
            after: Some(after),
            ..Self::default()
        }
    }

    const fn is_part(&self) -> bool {
        self.after.is_some() || self.application.is_some()
    }

    /// The URL of this part, with a marker of the operation that was just carried out.
    fn target(&self, done: Option<RevocationDone>) -> Target {
        let id = |id: Option<Snowflake>| id.map(|it| it.to_string()).unwrap_or_default();
        let after = id(self.after.map(|it| it.client));
        let vendor = id(self.after.map(|it| it.first));
        let application = self.application.map(|it| it.to_string());
        let parameters = [
            ("vendor", vendor.as_str()),
            ("after", &after),
            ("application", &application.unwrap_or_default()),
            ("done", done.map(RevocationDone::marker).unwrap_or_default()),
        ];
        Target::of(PATH, &parameters)
    }

    /// The authorizations of this part, and where the next page begins.
    async fn list<E: Edge>(
        &self,
        cx: &Context<'_, E>,
        user: UserId,
    ) -> Result<(Vec<Authorized>, Option<VendorPlace>), Fault> {
        if let Some(application) = self.application {
            return Ok((Vec::from_iter(one(cx, user, application).await?), None));
        }
        let limit = APPLICATIONS + 1;
        let listed = cx.edge.authorized_by_vendor(user, self.after, limit);
        let mut listed = listed.await?;
        let most = usize::try_from(APPLICATIONS).unwrap_or(usize::MAX);
        let is_more = listed.len() > most;
        listed.truncate(most);
        let last = listed.last().map(|(place, _)| *place);
        let listed = listed.into_iter().map(|(_, it)| it).collect();
        Ok((listed, last.filter(|_| is_more)))
    }

    fn grant<'a>(
        &self,
        authorized: &'a Authorized,
        devices: Vec<Device>,
        most: usize,
        text: &SettingsText,
    ) -> GrantView<'a> {
        let granted = &authorized.authorization;
        let devices = last_used_first(devices);
        let more = devices.len().saturating_sub(most);
        let alone = Self {
            application: Some(granted.application),
            ..Self::default()
        };
        GrantView {
            application: &authorized.application,
            scope: granted.scope,
            resources: Vec::new(),
            granted_at: Moment(granted.created_at),
            confirmed_at: (granted.updated_at > granted.created_at)
                .then_some(Moment(granted.updated_at)),
            last_used_at: devices.first().map(|device| Moment(device.last_used_at)),
            devices: devices
                .iter()
                .take(most)
                .map(|device| DeviceView::of(device, text))
                .collect(),
            more: (more > 0).then(|| More {
                count: more,
                href: self
                    .application
                    .is_none()
                    .then(|| alone.target(None).as_str().to_owned()),
            }),
        }
    }
}

/// Sorts devices, those that were last used first. A ledger has few of them, and every cold start of a Worker would
/// pay for the code of a general sort.
fn last_used_first(devices: Vec<Device>) -> Vec<Device> {
    let mut sorted: Vec<Device> = Vec::with_capacity(devices.len());
    for device in devices {
        let used_later = |other: &Device| other.last_used_at >= device.last_used_at;
        let place = sorted.partition_point(used_later);
        sorted.insert(place, device);
    }
    sorted
}

/// The devices of each application. All ledgers are asked at once, because each is another object.
async fn devices<E: Edge>(
    cx: &Context<'_, E>,
    user: UserId,
    listed: &[Authorized],
) -> Result<Vec<Vec<Device>>, Fault> {
    let ask = |authorized: &Authorized| {
        let ledger = LedgerId::User(user, authorized.authorization.application);
        cx.edge.ask(ledger, Devices)
    };
    let asked = all(listed.iter().map(ask).collect()).await;
    asked.into_iter().collect()
}

/// The resource servers that the devices have tokens for, each once. One that is not registered any more is left out:
/// its tokens are refused.
async fn resources<E: Edge>(
    cx: &Context<'_, E>,
    devices: &[Vec<Device>],
) -> Result<Vec<Rc<Resource>>, Fault> {
    let mut ids = Vec::new();
    for grant in devices
        .iter()
        .flatten()
        .filter_map(|it| it.resource.as_deref())
    {
        if !ids.contains(&grant.id) {
            ids.push(grant.id);
        }
    }
    let asked = ids.into_iter().map(|id| cx.resource(WhichResource::Id(id)));
    let found: Result<Vec<_>, Fault> = all(asked.collect()).await.into_iter().collect();
    Ok(found?.into_iter().flatten().collect())
}

/// What these devices may do at each resource server, in the server's own words.
fn elsewhere<'a>(resources: &'a [Rc<Resource>], devices: &[Device]) -> Vec<ResourceView<'a>> {
    let view = |resource: &'a Rc<Resource>| {
        let grants = || devices.iter().filter_map(|it| it.resource.as_deref());
        let is_granted = |scope: &&DescribedScope| {
            grants().any(|grant| grant.id == resource.id && grant.scope.contains(&scope.name))
        };
        let scopes = resource.scopes.iter().filter(is_granted);
        let scopes: Vec<_> = scopes.map(|it| it.description.as_str()).collect();
        (!scopes.is_empty()).then_some(ResourceView {
            name: resource.name.as_str(),
            identifier: resource.identifier.as_str(),
            scopes,
        })
    };
    resources.iter().filter_map(view).collect()
}

/// The outcomes of all futures. Whichever can go on wakes all of them, which does not matter for twenty.
async fn all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut pending: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut done: Vec<Option<F::Output>> = pending.iter().map(|_| None).collect();
    poll_fn(|cx| {
        for (future, done) in pending.iter_mut().zip(&mut done) {
            if done.is_none()
                && let Poll::Ready(output) = future.as_mut().poll(cx)
            {
                *done = Some(output);
            }
        }
        if done.iter().all(Option::is_some) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    done.into_iter().flatten().collect()
}
