-- What scripts/dev puts into the local database, every time it starts: only what is missing.
-- Secrets of these rows are published here and in scripts/lib/dev.mjs, which prints them. Never run
-- this on a database that others can reach.

-- Passwords: demo-password, admin-password, visitor-password.
INSERT INTO users (id, username, username_key, discriminator, email, email_key, verified, admin, avatar, public_flags, password_hash, created_at) VALUES
  ('1456074443980800001', 'demo', 'demo', '0001', 'demo@example.com', 'demo@example.com', 1, 0, NULL, 0,
   '$argon2id$v=19$m=19456,t=2,p=1$U82fdRij7koOLNNPUfdabA$Q53B4sThyp0h5yB1EMhb2sQK+BNhv8cOS2ajjp0CTTU', 1767225600000),
  ('1456074443980800002', 'admin', 'admin', '0002', 'admin@example.com', 'admin@example.com', 1, 1, NULL, 0,
   '$argon2id$v=19$m=19456,t=2,p=1$+R7fwHnEbi8Ty6G8uYItdA$Tng47fuyr+BOwcQ6vXx9iTlQErgJIbIYey6j+m7JSgE', 1767225600000),
  ('1456074443980800005', 'visitor', 'visitor', '0005', 'visitor@example.com', 'visitor@example.com', 0, 0, 'a_3f1c9b7e5d2a', 0,
   '$argon2id$v=19$m=19456,t=2,p=1$ZmXAFsF+soe2EdN5rvQ1gQ$HGouWPH+bOE+xjqWByRjxH7hY9mu+Lxv1fclKMgHDx8', 1767225600000)
ON CONFLICT DO NOTHING;

-- Secrets: demo-client-secret-for-local-development-only, demo-panel-secret-for-local-development-only.
INSERT INTO applications (id, owner_id, name, description, icon, secret_hash, redirect_uris, trusted, flags, created_at) VALUES
  ('1456074443980800003', '1456074443980800001', 'Demo Confidential', 'A web application with a server that keeps a secret.', NULL,
   'lpcA4rEVmi9PlrHhwwNdQ2xBgIMsMXnZJUv897CEXgc', '["http://localhost:3000/callback"]', 0, 0, 1767225600000),
  ('1456074443980800004', '1456074443980800001', 'Demo Public', 'An application on people''s own devices, which cannot keep a secret.', NULL,
   NULL, '["http://127.0.0.1/callback","com.example.demo:/callback"]', 0, 0, 1767225600000),
  ('1456074443980800013', '1456074443980800002', 'Demo Panel', 'The platform''s own administration panel.', NULL,
   'uIp2wfATQSarlZ-i5RaWy6j0OQ7b1F58eku7P3nrJIU', '["http://localhost:3000/callback"]', 1, 0, 1767225600000)
ON CONFLICT DO NOTHING;

-- examples/cli logs in with it, by a device too.
UPDATE applications SET grant_types = 'authorization_code refresh_token urn:ietf:params:oauth:grant-type:device_code'
 WHERE id = '1456074443980800004' AND grant_types IS NULL;

-- Secrets: demo-bot-secret-for-local-development-only, private-bot-secret-for-local-development-only.
-- Demo Bot's token: 1456074443980800011.demo-bot-token-for-local-development-only-0. Private Bot has
-- none until its owner resets it.
INSERT INTO applications (id, owner_id, name, description, icon, secret_hash, redirect_uris, trusted, flags, created_at, bot_public, bot_username, bot_discriminator, bot_token_hash) VALUES
  ('1456074443980800011', '1456074443980800001', 'Demo Bot', 'Welcomes new members and keeps the channels tidy.', '7d9e4c1b2a60',
   'TIvO6kURzD6T20YDTX-4tjMlHdI7m65gfGj1mU8rLdo', '["http://localhost:3000/callback"]', 0, 0, 1767225600000,
   1, 'Demo_Bot', '0011', 'KEoG3URy712zDdj-9FDa3Aqv5GkD_y6Dx0RYelZD-kA'),
  ('1456074443980800012', '1456074443980800002', 'Private Bot', 'Only its owner can add it.', NULL,
   'bvVGbzmOKWOzy4Ej1FTz9b1u7LeIKnWDXJYprP4gvYk', '["http://localhost:3000/callback"]', 0, 0, 1767225600000,
   0, 'Private_Bot', '0012', NULL)
ON CONFLICT DO NOTHING;

INSERT INTO guilds (id, name, icon, owner_id, created_at) VALUES
  ('1456074443980800006', 'Demo Workshop', 'a_9c27e1d04b8f', '1456074443980800001', 1767225600000),
  ('1456074443980800007', 'Chess Club', '51fbd08a6e3c', '1456074443980800002', 1767225600000),
  ('1456074443980800008', 'Music Lounge', NULL, '1456074443980800002', 1767225600000),
  ('1456074443980800009', 'Book Circle', NULL, '1456074443980800005', 1767225600000),
  ('1456074443980800010', 'Staff Room', NULL, '1456074443980800002', 1767225600000)
ON CONFLICT DO NOTHING;

-- 8933636165185 is what every member may do, 69815829414805503 everything. The demo user owns the
-- workshop, has MANAGE_GUILD (32) in the club and ADMINISTRATOR (8) in the lounge, and is a plain
-- member of the circle.
INSERT INTO members (user_id, guild_id, permissions, joined_at) VALUES
  ('1456074443980800001', '1456074443980800006', '69815829414805503', 1767225600000),
  ('1456074443980800001', '1456074443980800007', '8933636165217', 1767225600000),
  ('1456074443980800001', '1456074443980800008', '8933636165193', 1767225600000),
  ('1456074443980800001', '1456074443980800009', '8933636165185', 1767225600000),
  ('1456074443980800002', '1456074443980800007', '69815829414805503', 1767225600000),
  ('1456074443980800002', '1456074443980800008', '69815829414805503', 1767225600000),
  ('1456074443980800002', '1456074443980800009', '8933636165185', 1767225600000),
  ('1456074443980800002', '1456074443980800010', '69815829414805503', 1767225600000),
  ('1456074443980800005', '1456074443980800006', '8933636165185', 1767225600000),
  ('1456074443980800005', '1456074443980800009', '69815829414805503', 1767225600000)
ON CONFLICT DO NOTHING;

-- Demo Bot is in the lounge already: it may see channels, write, embed links and read the history.
INSERT INTO bot_members (application_id, guild_id, inviter_id, installation, joined_at) VALUES
  ('1456074443980800011', '1456074443980800008', '1456074443980800002', 'AAAAAAAAAAAAAAAAAAAAAA', 1767225600000)
ON CONFLICT DO NOTHING;
INSERT INTO roles (id, application_id, guild_id, name, permissions) VALUES
  ('1456074443980800014', '1456074443980800011', '1456074443980800008', 'Demo Bot', '84992')
ON CONFLICT DO NOTHING;

INSERT INTO connections (user_id, type, id, name, verified) VALUES
  ('1456074443980800001', 'bsky', 'did:plc:demo2x7k4qz', 'demo.example', 1),
  ('1456074443980800001', 'domain', 'demo.example', 'demo.example', 0),
  ('1456074443980800001', 'github', '10203040', 'demo-developer', 1),
  ('1456074443980800002', 'github', '10203041', 'demo-administrator', 1)
ON CONFLICT DO NOTHING;
