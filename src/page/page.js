// What a browser with script gets on top; every page does without.

for (const button of document.querySelectorAll('[data-copy]')) {
  button.hidden = false;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = button.dataset.copied;
  });
}

// A wait that counts down, and the form that it holds back.
for (const wait of document.querySelectorAll('[data-seconds]')) {
  const end = Date.now() + wait.dataset.seconds * 1000;
  const timer = setInterval(() => {
    const left = Math.ceil((end - Date.now()) / 1000);
    wait.textContent = Math.max(left, 0);
    if (left <= 0) clearInterval(timer);
  }, 250);
}

// A choice that needs no button.
for (const select of document.querySelectorAll('select[data-submit]')) {
  select.form.querySelector('button').hidden = true;
  select.addEventListener('change', () => select.form.requestSubmit());
}

// The authorize URL of an application, live: what the server would say to this choice.
const builder = document.querySelector('form[data-builder]');
if (builder) {
  const show = () => {
    const chosen = new FormData(builder);
    const scopes = chosen.getAll('scope');
    if (scopes.length === 0) scopes.push('identify');
    const hasBot = scopes.includes('bot');
    const redirectUri = chosen.get('redirect_uri') ?? '';
    const permissions = [...builder.querySelectorAll('[name=permissions]:checked')];
    const slots = {
      scope: scopes.join(' '),
      scope_query: new URLSearchParams({ scope: scopes.join(' ') }),
      redirect_query: new URLSearchParams({ redirect_uri: redirectUri }),
      redirect_shell: redirectUri.replaceAll("'", "'\\''"),
      redirect_program: redirectUri.replaceAll("'", "\\'"),
      permissions: permissions.reduce((bits, box) => bits | BigInt(box.value), 0n),
      permission_names: permissions.map((box) => `'${box.labels[0].querySelector('code').textContent}'`).join(', '),
    };
    for (const slot of document.querySelectorAll('[data-slot]')) slot.textContent = slots[slot.dataset.slot];
    const invites = hasBot && scopes.length === 1 && document.querySelector('[data-variant=invitation]');
    const kind = invites ? 'invitation' : hasBot ? 'both' : 'login';
    for (const variant of document.querySelectorAll('[data-variant]')) variant.hidden = variant.dataset.variant !== kind;
    for (const part of document.querySelectorAll('[data-only=bot]')) part.hidden = !hasBot;
  };
  builder.querySelector('button').hidden = true;
  builder.addEventListener('change', show);
  show();
}
