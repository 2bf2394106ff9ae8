-- Lists are in the order of ids as numbers: an imported id may have fewer digits than those made here.
CREATE INDEX users_place ON users (CAST(id AS INTEGER));
CREATE INDEX applications_place ON applications (CAST(id AS INTEGER));
CREATE INDEX guilds_place ON guilds (CAST(id AS INTEGER));
CREATE INDEX bot_members_place ON bot_members (application_id, CAST(guild_id AS INTEGER));
DROP INDEX members_guild;
CREATE INDEX members_guild ON members (guild_id, CAST(user_id AS INTEGER));
DROP INDEX bot_members_guild;
CREATE INDEX bot_members_guild ON bot_members (guild_id, CAST(application_id AS INTEGER));
