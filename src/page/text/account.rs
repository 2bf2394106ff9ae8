//! The words of the page of a user's own account.

/// The page of a user's own account.
#[cfg_attr(test, derive(Debug))]
pub struct AccountText {
    /// The user's name.
    pub username: &'static str,
    /// The user's e-mail address.
    pub email: &'static str,
    /// Since when they have the account.
    pub registered: &'static str,
    /// Above the form that changes the password.
    pub password: &'static str,
    /// The old one.
    pub current_password: &'static str,
    /// The new one.
    pub new_password: &'static str,
    /// The rule for a new password.
    pub new_password_hint: &'static str,
    /// The new one again.
    pub repeat_password: &'static str,
    /// Takes back everything that was authorized, too.
    pub revoke_everything: &'static str,
    /// The button.
    pub change_password: &'static str,
    /// What happens to other browsers with a new password.
    pub change_means: &'static str,
    /// The old one was another.
    pub wrong_password: &'static str,
    /// The new one is too short or too long.
    pub bad_password: &'static str,
    /// The new one was typed in two ways.
    pub unlike_password: &'static str,
    /// The password was changed from elsewhere meanwhile.
    pub changed_meanwhile: &'static str,
    /// Above the browsers.
    pub browsers: &'static str,
    /// What the list of browsers shows.
    pub browsers_intro: &'static str,
    /// The same where no passwords are kept here.
    pub browsers_intro_elsewhere: &'static str,
    /// Beside the one that shows the page.
    pub this_browser: &'static str,
    /// When one logged in.
    pub logged_in: &'static str,
    /// The button that ends one.
    pub end: &'static str,
    /// The button that ends the others.
    pub end_others: &'static str,
    /// The button that ends all of them.
    pub end_all: &'static str,
    /// There are more than are shown.
    pub more: &'static str,
    /// What was just done: the password, one browser, the others, nothing.
    pub done: [&'static str; 4],
}
