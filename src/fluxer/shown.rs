//! What a user was shown of an application when they consented: a consent is to that, and to nothing that
//! its owner makes of it later.

use serde::{Deserialize, Serialize};

use super::application::Application;

/// The name of an application, and the hosts where it said it would be answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    name: String,
    hosts: Vec<String>,
}

impl Shown {
    /// What a consent page shows of an application that is to be answered at `host`, or at no host.
    pub fn of(application: &Application, host: Option<&str>) -> Self {
        Self {
            name: application.name.as_str().to_owned(),
            hosts: host.map(str::to_owned).into_iter().collect(),
        }
    }

    /// Whether the user has seen all of `now`.
    pub fn covers(&self, now: &Self) -> bool {
        self.name == now.name && now.hosts.iter().all(|host| self.hosts.contains(host))
    }

    /// What the user has seen once `now` is shown as well. A name is of those hosts that were shown with
    /// it.
    #[must_use]
    pub fn and(mut self, now: Self) -> Self {
        if self.name != now.name {
            return now;
        }
        let new = now.hosts.into_iter();
        let new: Vec<_> = new.filter(|host| !self.hosts.contains(host)).collect();
        self.hosts.extend(new);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(name: &str, hosts: &[&str]) -> Shown {
        Shown {
            name: name.to_owned(),
            hosts: hosts.iter().map(|&host| host.to_owned()).collect(),
        }
    }

    #[test]
    fn a_consent_is_to_a_name_and_its_hosts() {
        let before = shown("Demo", &["a.example", "b.example"]);
        assert!(before.covers(&shown("Demo", &["b.example"])));
        assert!(!before.covers(&shown("Demo", &["c.example"])));
        assert!(!before.covers(&shown("Demo.", &["a.example"])));
        let more = before.clone().and(shown("Demo", &["c.example"]));
        assert!(more.covers(&shown("Demo", &["a.example", "b.example", "c.example"])));
        let renamed = before.and(shown("Other", &["c.example"]));
        assert_eq!(renamed, shown("Other", &["c.example"]));
    }
}
