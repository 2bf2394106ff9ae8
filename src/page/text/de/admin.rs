//! What administrators read, in German.

use super::super::{AdminText, ResourceText};

pub(super) const TEXT: AdminText = AdminText {
    overview: "Was geschehen ist",
    ranges: ["24 Stunden", "7 Tage", "30 Tage"],
    charts: [
        "Anmeldungen",
        "Fehlgeschlagene Anmeldungen",
        "Autorisierungen",
        "Widerrufe",
        "Gestohlene Token",
        "Fehler",
    ],
    numbers: "Zahlen",
    when: "Wann (UTC)",
    warnings: "Neueste Warnungen",
    no_warnings: "Es gibt nichts, was dich braucht.",
    what_to_do: "Was es heißt und was zu tun ist, steht in docs/operations.md.",
    health: "Zustand",
    works: "geht",
    fails: "antwortet nicht",
    keys: "Signaturschlüssel",
    key_states: ["signiert als Nächster", "signiert", "signiert nicht mehr"],
    published: "veröffentlicht",
    users: "Benutzer",
    applications: "Anwendungen",
    resource: ResourceText {
        heading: "Ressourcenserver",
        means: "Andere APIs, die Zugriffstoken dieses Servers annehmen. Anwendungen nennen eine davon \
                als resource; Benutzer werden nach ihren Scopes mit den Worten gefragt, die hier \
                stehen.",
        new: "Ressourcenserver eintragen",
        name: "Name",
        identifier: "Kennung",
        identifier_hint: "Eine absolute URI ohne Fragment, meist die Adresse der API. Sie ist das aud \
                          jedes Tokens für sie.",
        scopes: "Scopes",
        scopes_hint: "Einer pro Zeile: sein Name, ein Leerzeichen, und was er erlaubt, in Worten, die \
                      Benutzer verstehen, wie: notes:read Deine Notizen lesen",
        signing_alg: "Signatur seiner Token",
        signing_alg_hint: "ES256 kostet am wenigsten; RS256 ist für Prüfer, die nichts anderes kennen.",
        clients: "Anwendungen, die für sich selbst handeln",
        clients_hint: "IDs, eine pro Zeile, von Anwendungen, die seine Token mit client credentials \
                       bekommen, ohne Benutzer.",
        register: "Eintragen",
        deleted: "Der Ressourcenserver wurde gelöscht.",
        secret_means: "Mit seiner ID und seinem Geheimnis prüft der Ressourcenserver Token. Ein neues \
                       Geheimnis tritt in spätestens fünf Sekunden an die Stelle des alten.",
        delete: "Den Ressourcenserver löschen",
        delete_means: "Keine Anwendung bekommt mehr Token für ihn, und was Benutzer dort erlaubt haben, \
                       gilt nicht mehr. Ausgestellte Token enden von selbst, nach höchstens zehn \
                       Minuten, wenn die Einstellungen nichts anderes sagen.",
    },
    audit_log: "Audit-Log",
    open_audit_log: "Wer was getan hat, und wann",
    find_users: "Anfang eines Namens oder einer Adresse, oder eine ID",
    find_by: "Suchen in",
    find_applications: "Anfang eines Namens, oder eine ID",
    search: "Suchen",
    nothing_found: "Nichts gefunden.",
    pages: "Seiten dieser Liste",
    next: "Weiter",
    older: "Ältere",
    id: "ID",
    username: "Benutzername",
    email: "E-Mail-Adresse",
    verified: "Bestätigt",
    unverified: "Nicht bestätigt",
    administrator: "Administrator",
    registered: "Registriert",
    yes: "Ja",
    no: "Nein",
    none: "Keine",
    only_the_first: "Es gibt mehr; gezeigt sind nur die ersten.",
    communities: "Communities",
    connections: "Verknüpfungen",
    owner: "Besitzer",
    revoke: "Zugriff entziehen",
    revoke_everything: "Jeden Zugriff entziehen",
    application_revoked: "Die Anwendung hat auf keinem Gerät mehr Zugriff auf dieses Konto.",
    everything_revoked: "Keine Anwendung hat mehr Zugriff auf dieses Konto.",
    nothing_revoked: "Es gab nichts zu entziehen: Der Zugriff war schon weg.",
    kind: "Typ",
    confidential: "Vertraulich: Sie hat ein Geheimnis",
    public: "Öffentlich: Sie hat kein Geheimnis",
    redirect_uris: "Redirect-URIs",
    bot: "Bot",
    bot_public: "Alle dürfen ihn hinzufügen",
    bot_private: "Nur der Besitzer darf ihn hinzufügen",
    trusted: "Vertrauenswürdig",
    trust: "Vertrauen",
    grant_means: "Eine vertrauenswürdige Anwendung darf Administratoren um Zugriff auf alles \
                  hier bitten und jedes Zugriffstoken prüfen. Gewähre das nur dem, was eure \
                  eigenen Leute betreiben.",
    withdraw_means: "Die Plattform vertraut dieser Anwendung: Sie darf Administratoren um \
                     Zugriff auf alles hier bitten.",
    password: "Dein Passwort",
    wrong_password: "Das ist nicht dein Passwort. Nichts wurde geändert.",
    grant: "Dieser Anwendung vertrauen",
    withdraw: "Vertrauen entziehen",
    trust_granted: "Diese Anwendung ist jetzt vertrauenswürdig.",
    trust_withdrawn: "Diese Anwendung ist nicht mehr vertrauenswürdig. Überall gilt das in \
                      spätestens fünf Sekunden.",
    suspended: "Gesperrt",
    suspension: "Sperre",
    suspension_of_user: [
        "Das Konto wird überall abgemeldet, kann sich nicht anmelden, und kein Token handelt für es. \
         Nichts wird gelöscht.",
        "Das Konto kann sich wieder anmelden, und seine Token gelten wieder.",
    ],
    suspension_of_application: [
        "Niemand kann zu ihr geschickt werden, und ihre Token, ihr Secret und ihr Bot gelten nicht. \
         Nichts wird gelöscht.",
        "Alles von ihr geht wieder, auch die Token, die sie hat.",
    ],
    suspend: "Sperren",
    resume: "Sperre aufheben",
    is_suspended: "Gesperrt. Überall gilt das in spätestens fünf Sekunden.",
    is_resumed: "Nicht mehr gesperrt. Überall gilt das in spätestens fünf Sekunden.",
    deletion: "Dieses Konto löschen",
    deletion_means: "Das Konto und seine Verbindungen werden gelöscht, jede Anwendung verliert den \
                     Zugriff darauf, und seine Communities gehören niemandem mehr. Das lässt sich \
                     nicht rückgängig machen.",
    fate: [
        "Was wird aus seinen Anwendungen?",
        "Sie werden gelöscht: Wer sie benutzt, verliert das, und ihre Bots verlassen jede Community.",
        "Sie bleiben und gehören jemand anderem, der alles von ihnen sieht und ändert.",
        "Wem: Id oder Name",
    ],
    no_heir: "Sag, was aus den Anwendungen wird, und nenne jemand anderen, der sie übernimmt. \
              Nichts wurde geändert.",
    user_deleted: "Das Konto wurde gelöscht.",
    done_by: "Was sie oder er getan hat",
    done_on: "Was darüber verzeichnet ist",
    action: "Was geschah",
    any: "Alles",
    actor_id: "ID dessen, der es tat",
    target_id: "ID dessen, den es betraf",
    person: "Person, nach Name oder ID",
    from_day: "Vom",
    until_day: "Bis zum",
    download: "Herunterladen:",
    stopped_at: "Eine Suche betrachtet 20.000 Einträge auf einmal. Diese endete bei dem, was geschah:",
    look_further: "Weiter zurück suchen",
    somebody: "Jemand",
    unknown: "unbekannt",
    application: "Anwendung",
    address: "Von der Adresse",
    actions: [
        ["Angemeldet", "{actor} hat sich angemeldet"],
        [
            "Anmeldung fehlgeschlagen",
            "Jemand konnte sich nicht als {target} anmelden",
        ],
        [
            "Anmeldung bei der Plattform",
            "Die Plattform hat sich für eine Anmeldung von {target} verbürgt",
        ],
        [
            "Ereignis der Plattform",
            "Die Plattform hat über {target} gesagt: {type}",
        ],
        ["Abgemeldet", "{actor} hat sich abgemeldet"],
        [
            "Anwendung autorisiert",
            "{actor} hat {app} autorisiert[ für {scope}][, bei {resource} für {resource_scope}]",
        ],
        [
            "Einer Anwendung den Zugriff entzogen",
            "{actor} hat {app} alles entzogen, was {target} autorisiert hatte",
        ],
        [
            "Ein Gerät abgemeldet",
            "{actor} hat ein Gerät von {target} bei {app} abgemeldet",
        ],
        [
            "Anwendung hat ein Token widerrufen",
            "{app} hat ein Token[ von {target}] widerrufen",
        ],
        [
            "Refresh-Token zweimal benutzt",
            "Ein Refresh-Token von {app}[ und {target}] wurde zweimal benutzt: Diese Anmeldung ist beendet",
        ],
        [
            "Benutzer angelegt",
            "{actor} hat den Benutzer {target} angelegt",
        ],
        [
            "Benutzer geändert",
            "{actor} hat den Benutzer {target} geändert[: {fields}]",
        ],
        [
            "Benutzer gelöscht",
            "{actor} hat den Benutzer {target} gelöscht",
        ],
        [
            "Verknüpfung gesetzt",
            "{actor} hat die Verknüpfung {type}[ {id}] von {target} gesetzt",
        ],
        [
            "Verknüpfung entfernt",
            "{actor} hat die Verknüpfung {type}[ {id}] von {target} entfernt",
        ],
        [
            "Community angelegt",
            "{actor} hat die Community {target} angelegt",
        ],
        [
            "Community gelöscht",
            "{actor} hat die Community {target} gelöscht",
        ],
        [
            "Mitglied gesetzt",
            "{actor} hat das Mitglied {user_id} von {target} gesetzt[, mit den Berechtigungen {permissions}]",
        ],
        [
            "Mitglied entfernt",
            "{actor} hat das Mitglied {user_id} aus {target} entfernt",
        ],
        [
            "Bot zu einer Community hinzugefügt",
            "{actor} hat den Bot von {app} zu {target} hinzugefügt[, mit den Berechtigungen {permissions}][ statt {before}]",
        ],
        ["Bot angelegt", "{actor} hat {target} einen Bot gegeben"],
        [
            "Bot-Token zurückgesetzt",
            "{actor} hat das Bot-Token von {target} zurückgesetzt",
        ],
        [
            "Anwendung angelegt",
            "{actor} hat die Anwendung {target} angelegt",
        ],
        [
            "Anwendung geändert",
            "{actor} hat die Anwendung {target} geändert[: {fields}]",
        ],
        [
            "Anwendung gelöscht",
            "{actor} hat die Anwendung {target} gelöscht",
        ],
        [
            "Geheimnis einer Anwendung zurückgesetzt",
            "{actor} hat das Geheimnis von {target} zurückgesetzt",
        ],
        [
            "Einer Anwendung ein zweites Geheimnis gegeben",
            "{actor} hat {target} ein zweites Geheimnis gegeben",
        ],
        [
            "Ressourcenserver eingetragen",
            "{actor} hat den Ressourcenserver {target} eingetragen",
        ],
        [
            "Ressourcenserver geändert",
            "{actor} hat den Ressourcenserver {target} geändert[: {fields}]",
        ],
        [
            "Ressourcenserver gelöscht",
            "{actor} hat den Ressourcenserver {target} gelöscht",
        ],
        [
            "Signaturschlüssel gewechselt",
            "{actor} hat die Signaturschlüssel gewechselt",
        ],
        [
            "Bekannt gewordenen Signaturschlüssel entfernt",
            "{actor} hat den bekannt gewordenen Signaturschlüssel {kid} entfernt",
        ],
        [
            "Token zum Registrieren von Clients erstellt",
            "{actor} hat ein Token zum Registrieren von Clients erstellt",
        ],
        [
            "Token zum Registrieren von Clients gelöscht",
            "{actor} hat ein Token zum Registrieren von Clients gelöscht",
        ],
        [
            "Passwort geändert",
            "{actor} hat das eigene Passwort geändert",
        ],
        [
            "Browser abgemeldet",
            "{actor} hat eigene Browser abgemeldet[: {browsers}]",
        ],
        [
            "Ein Fehler des Servers",
            "{path} ging nicht[, für {app}][, Referenz {reference}]: {fault}",
        ],
        ["Datensätze importiert", "{actor} hat Datensätze eingelesen"],
        ["Datensätze exportiert", "{actor} hat Datensätze ausgegeben"],
        [
            "Refresh-Token des früheren Servers eingetauscht",
            "{app} hat ein Refresh-Token des früheren Servers eingetauscht[, für {target}]",
        ],
        [
            "Eine Autorisierung nicht gemeldet",
            "Eine Autorisierung von {app} wurde nicht gemeldet ({receiver}): {reason}",
        ],
        [
            "Eine Person aus dem Protokoll entfernt",
            "{actor} hat eine Person aus diesem Protokoll entfernt",
        ],
    ],
};
