//! What developers read, in German.

use super::super::{DevelopersText, IconText, OAuthText};

pub(super) const TEXT: DevelopersText = DevelopersText {
    usage: "Wie es läuft",
    usage_means: "Die letzten 14 Tage, in UTC. Zahlen erscheinen nach einigen Sekunden, \
                  Autorisierungen nach bis zu zehn Minuten.",
    nothing_yet: "Noch ist nichts geschehen.",
    active_users: "Aktive Nutzer, heute",
    active_means: "Als aktiv zählt, für wen die Anwendung an dem Tag Tokens bekommen hat. Über hundert ist die Zahl \
                   geschätzt, auf etwa 7 Prozent genau.",
    authorizations: "Autorisierungen",
    tokens_issued: "Beantwortete Token-Anfragen",
    refusals: "Abgelehnte Anfragen",
    limited: "Zu viele Anfragen",
    limited_means: "Warte so lange, wie Retry-After sagt, und behalte Token, statt neue zu holen.",
    reasons: "Warum Anfragen abgelehnt wurden",
    times: "{}-mal, davon {}-mal heute",
    remedies: [
        "Trage diese Adresse unten in den Einstellungen ein, genau wie sie gesendet wird, oder sende eine \
         eingetragene.",
        "Prüfe Client-ID und Geheimnis. Ein zurückgesetztes Geheimnis gilt sofort nicht mehr.",
        "Ein Code gilt einmal und zehn Minuten lang, mit derselben redirect_uri und demselben code_verifier; von \
         Refresh-Token gilt nur das neueste.",
        "Frage nach Scopes, die es gibt, und nach bot nur, wenn die Anwendung einen hat.",
        "Sende code_challenge mit code_challenge_method=S256: Öffentliche Anwendungen müssen das.",
        "Diese Art von Anwendung darf diesen Grant nicht benutzen.",
    ],
    heading: "Deine Anwendungen",
    at_most: "Du kannst höchstens {} Anwendungen haben.",
    none: "Du hast noch keine Anwendungen.",
    kinds: ["Vertraulich", "Öffentlich"],
    suspended: "Diese Anwendung ist gesperrt: Niemand kann zu ihr geschickt werden, und ihre Token, ihr \
                Secret und ihr Bot gelten nicht. Nichts von ihr wurde gelöscht.",
    deleted: "Die Anwendung wurde gelöscht.",
    new: "Neue Anwendung",
    name: "Name",
    kind: "Art",
    means: [
        "Sie läuft auf deinem Server und kann ein Geheimnis für sich behalten.",
        "Sie läuft auf den Geräten oder in den Browsern ihrer Benutzer, wo nichts geheim \
         bleibt: Sie weist sich mit PKCE aus.",
    ],
    redirect_uris: "Redirect-URIs",
    redirect_uris_hint: "Eine pro Zeile, höchstens 10, genau so, wie du sie senden wirst: mit \
                         https, oder mit http für 127.0.0.1, [::1] und localhost. Für \
                         öffentliche Anwendungen auch ein eigenes Schema wie \
                         com.example.app:/callback.",
    description: "Beschreibung",
    description_hint: "Das liest, wer die Anwendung autorisieren soll. Höchstens 400 Zeichen.",
    create: "Anwendung erstellen",
    wrong_fields: "Noch ist nichts gespeichert: Bitte berichtige, was unten markiert ist.",
    full: "Mehr als {} Anwendungen kannst du nicht haben. Lösche eine, die du nicht mehr brauchst, und \
         versuche es noch einmal.",
    created: "{} wurde erstellt",
    client_id: "Client-ID",
    client_secret: "Client-Secret",
    once: "Jetzt kopieren und sicher aufbewahren: Das wird nicht noch einmal angezeigt.",
    public_has_none: "Eine öffentliche Anwendung hat kein Secret: Sie weist sich mit PKCE aus.",
    signing_has_none: "Sie signiert mit einem eigenen Schlüssel und hat kein Secret.",
    reset_ends_keys: "Ein Secret tritt an die Stelle ihrer Schlüssel: Was sie signiert, zählt sofort nicht mehr.",
    copy: "Kopieren",
    copied: "Kopiert",
    go_on: "Zur Anwendung",
    all: "Alle deine Anwendungen",
    saved: "Gespeichert.",
    settings: "Einstellungen",
    icon: IconText {
        heading: "Symbol",
        file: "Bild",
        hint: "PNG oder WebP, höchstens 256 KB und 2048 × 2048 Pixel, nicht animiert. Zu sehen ist es dort, \
               wo um eine Autorisierung der Anwendung gebeten wird. Was eine Kamera hineingeschrieben hat, \
               wird entfernt.",
        upload: "Hochladen",
        remove: "Symbol entfernen",
        no_file: "Bitte zuerst ein Bild auswählen.",
        no_icon: "Das ist kein PNG- oder WebP-Bild von höchstens 256 KB und 2048 × 2048 Pixeln. Animierte \
                  Bilder gehen nicht.",
        not_kept: "Das Bild konnte gerade nicht gespeichert werden. Bitte gleich noch einmal versuchen.",
    },
    bot_public: "Alle dürfen den Bot hinzufügen, nicht nur du",
    bot_require_code_grant: "Der Bot wird nur zusammen mit einer Anmeldung hinzugefügt, deren \
                             Code deiner Anwendung davon berichtet",
    save: "Speichern",
    password: "Dein Passwort",
    wrong_password: "Das Passwort ist falsch.",
    new_secret: "Neues Client-Secret",
    oauth: OAuthText {
        heading: "OAuth",
        means: "Die meisten Anwendungen können das lassen, wie es ist.",
        open: "Grants, Schlüssel, ID-Tokens und Abmeldung",
        grant_types: "Wie sie Tokens bekommt",
        grants: [
            "Ihre Nutzer melden sich im Browser an und kommen mit einem Code zurück",
            "Sie bleibt verbunden, durch Refresh-Tokens",
            "Für sich selbst, ohne Nutzer",
            "Auf Geräten ohne Browser, durch einen Code, der anderswo eingegeben wird",
        ],
        method: "Wie sie sich ausweist",
        method_hint: "Ein Secret in der Kopfzeile oder im Body, oder ein JWT, das sie mit einem eigenen \
                      Schlüssel unterschreibt.",
        jwks: "Öffentliche Schlüssel",
        jwks_hint: "Für private_key_jwt: ein JSON Web Key Set, ohne private Schlüssel. Es darf leer \
                    bleiben, wenn die Schlüssel veröffentlicht sind.",
        jwks_uri: "URL der öffentlichen Schlüssel",
        jwks_uri_hint: "Für private_key_jwt: wo du sie veröffentlichst, mit https.",
        id_token: "Unterschrift der ID-Tokens",
        id_token_hint: "ES256 ist kürzer und schneller. RS256 ist für Bibliotheken, die nichts anderes \
                        kennen.",
        logout: "Nach einer Abmeldung",
        logout_hint: "Wohin Nutzer gehen können, die sich hier für deine Anwendung abmelden, eine \
                      Adresse je Zeile. Darf leer bleiben.",
        demands: "Woran sie sich selbst hält",
        dpop: "Ihre Access-Tokens sind an einen Schlüssel gebunden (DPoP): Ein gestohlenes nützt nichts",
        par: "Sie schickt jede Anfrage zuerst an den Server (PAR)",
        profile: "Profil",
        profile_hint: "fapi2 ist das FAPI 2.0 Security Profile, für Banken und dergleichen: mit \
                       private_key_jwt, PAR und DPoP, und ohne RS256.",
        webhook: "URL für Ereignisse",
        webhook_hint: "Dort melden wir, dass jemand deine Anwendung autorisiert oder die Autorisierung zurückgenommen hat. Kann leer bleiben.",
        webhook_secret: "Damit sind die Ereignisse signiert (Standard Webhooks). Eine andere URL hat ein anderes Secret.",
    },
    current_secret: "Jetziges Secret",
    former_secret: "Früheres Secret",
    ends: "endet {}",
    last_used_on: "zuletzt benutzt am {}",
    never_used: "noch nicht benutzt",
    rotate_secret_means: "Ein zweites Secret gilt neben dem jetzigen, das später endet: So bleibt Zeit, \
                          das neue überall einzutragen.",
    rotate_ends_former: "Das frühere Secret endet sofort, wenn du jetzt noch eines machst.",
    grace: "Das jetzige Secret gilt noch",
    graces: ["1 Stunde", "1 Tag", "7 Tage", "30 Tage"],
    rotate_secret: "Neues Secret machen",
    secret_leaked: "Das Secret ist in fremde Hände geraten",
    reset_secret_means: "Ein neues Secret ersetzt alle anderen, die sofort nicht mehr funktionieren. Tokens, die \
                         deine Anwendung schon hat, funktionieren weiter.",
    reset_secret: "Secret zurücksetzen",
    bot: "Bot",
    no_bot: "Diese Anwendung hat noch keinen Bot. Ein Bot heißt wie seine Anwendung und hat \
             einen eigenen Token.",
    add_bot: "Bot anlegen",
    bot_is: "Er heißt {}.",
    bot_token: "Bot-Token",
    reset_token_means: "Der alte Token funktioniert dann sofort nicht mehr: Was mit ihm läuft, \
                        ist ausgesperrt, bis es den neuen hat.",
    reset_token: "Token zurücksetzen",
    link: "Autorisierungslink",
    scopes: "Scopes",
    redirect_uri: "Redirect-URI",
    no_redirect_uri: "Registriere zuerst eine Redirect-URI: Ohne sie kann der Code \
                      nirgendwohin gehen.",
    permissions: "Was der Bot darf",
    permission_bits: "Als Zahl:",
    show_link: "Link anzeigen",
    authorize_url: "Link",
    state: "Sende statt {} bei jeder Anmeldung einen neuen Zufallswert, und prüfe, dass derselbe zurückkommt.",
    pkce: "Sende statt {} den SHA-256 in base64url eines neuen zufälligen Code-Verifiers, und behalte den \
         Verifier für den Token-Request (PKCE). Ohne ihn könnte jemand den Code benutzen, der \
         ihn abfängt.",
    invitation: "Dieser Link fügt nur den Bot hinzu. Er endet auf einer Seite hier: Es kommt \
                 kein Code zurück, und es gibt keine Tokens anzufordern.",
    token_request: "Token-Request",
    snippet: "Mit {}",
    libraries: "Mit anderen Bibliotheken",
    resources: "Ressourcenserver",
    resources_means: "Sende {} mit der Kennung, wenn du den Benutzer fragst und wenn du Token holst, und nenne in {} die Scopes, die du willst. So ein Token öffnet jenen Server und nichts hier.",
    by_itself: "auch ohne Benutzer",
    delete: "Anwendung löschen",
    delete_means: "Ihre Tokens und ihr Bot funktionieren dann sofort nicht mehr. Das lässt \
                   sich nicht rückgängig machen.",
    type_name: "Gib zur Bestätigung ihren Namen ein: {}",
    wrong_name: "Das ist nicht der Name der Anwendung.",
    delete_submit: "Endgültig löschen",
};
