-- What scripts/dev puts into the local database, every time it starts: only what is missing.
-- Passwords: demo-password, admin-password. Never run this on a database that others can reach.

INSERT INTO users (id, username, username_key, discriminator, email, email_key, verified, admin, avatar, public_flags, password_hash, created_at) VALUES
  ('1456074443980800001', 'demo', 'demo', '0001', 'demo@example.com', 'demo@example.com', 1, 0, NULL, 0,
   '$argon2id$v=19$m=19456,t=2,p=1$U82fdRij7koOLNNPUfdabA$Q53B4sThyp0h5yB1EMhb2sQK+BNhv8cOS2ajjp0CTTU', 1767225600000),
  ('1456074443980800002', 'admin', 'admin', '0002', 'admin@example.com', 'admin@example.com', 1, 1, NULL, 0,
   '$argon2id$v=19$m=19456,t=2,p=1$dLezQUfrTVgUoV7Fp2ei5Q$qVnI0nLBNXBgNYIPZ5rNk/OReMDRMi1F88m4hfwmKGw', 1767225600000)
ON CONFLICT DO NOTHING;

-- Demo Confidential's secret: demo-client-secret-for-local-development-only.
INSERT INTO applications (id, owner_id, name, description, icon, secret_hash, redirect_uris, trusted, flags, created_at) VALUES
  ('1456074443980800003', '1456074443980800001', 'Demo Confidential', 'A web application with a server that keeps a secret.', NULL,
   'lpcA4rEVmi9PlrHhwwNdQ2xBgIMsMXnZJUv897CEXgc', '["http://localhost:3000/callback"]', 0, 0, 1767225600000),
  ('1456074443980800004', '1456074443980800001', 'Demo Public', 'An application on people''s own devices, which cannot keep a secret.', NULL,
   NULL, '["http://127.0.0.1/callback","com.example.demo:/callback"]', 0, 0, 1767225600000)
ON CONFLICT DO NOTHING;
