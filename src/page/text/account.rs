//! The words of the page of a user's own account.

/// The page of a user's own account.
#[cfg_attr(test, derive(Debug))]
pub struct AccountText {
    /// The label of the user's name.
    pub username: &'static str,
    /// The label of the user's e-mail address.
    pub email: &'static str,
    /// The label of the day on which the account was made.
    pub registered: &'static str,
    /// The heading above the form that changes the password.
    pub password: &'static str,
    /// The label of the field for the old password.
    pub current_password: &'static str,
    /// The label of the field for the new password.
    pub new_password: &'static str,
    /// The rule for a new password.
    pub new_password_hint: &'static str,
    /// The label of the field that takes the new password once more.
    pub repeat_password: &'static str,
    /// The label of the box that takes back everything that was authorized, too.
    pub revoke_everything: &'static str,
    /// The label of the button that changes the password.
    pub change_password: &'static str,
    /// Says what a new password does to other browsers and to applications.
    pub change_means: &'static str,
    /// Says that the old password was wrong.
    pub wrong_password: &'static str,
    /// Says that the new password is too short or too long.
    pub bad_password: &'static str,
    /// Says that the two fields of the new password differ.
    pub unlike_password: &'static str,
    /// Says that the password was changed from elsewhere meanwhile.
    pub changed_meanwhile: &'static str,
    /// The heading above the browsers that are logged in.
    pub browsers: &'static str,
    /// Says what the list of browsers shows.
    pub browsers_intro: &'static str,
    /// Says the same on a server that keeps no passwords.
    pub browsers_intro_elsewhere: &'static str,
    /// The mark beside the browser that shows the page.
    pub this_browser: &'static str,
    /// The label of the time when a browser logged in.
    pub logged_in: &'static str,
    /// The label of the button that logs one browser out.
    pub end: &'static str,
    /// The label of the button that logs out every browser but this one.
    pub end_others: &'static str,
    /// The label of the button that logs out every browser.
    pub end_all: &'static str,
    /// Says that there are more browsers than the page shows.
    pub more: &'static str,
    /// Says what was just done, in the order of [`AccountDone`](crate::page::account::AccountDone): the password, one
    /// browser, the others, nothing.
    pub done: [&'static str; 4],
}
