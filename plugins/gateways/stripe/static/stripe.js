// The card form's part in the browser. The number, date and code are typed into Stripe's own field and go
// straight to Stripe, which saves the card; this form gets the client secret of that saving and no more.

const fields = new WeakMap(); // the method's element -> {stripe, card}
const WORDS = {
  absent: "Stripe's card form could not be loaded. Check your connection, or choose another way to pay.",
  unreached: "Stripe could not be reached. Please try again in a moment.",
  wrong: "This card could not be saved. Check it, or try another one.",
};

function connect(key) {
  if (typeof window.Stripe !== "function") throw { message: WORDS.absent };
  return window.Stripe(key, { locale: document.documentElement.lang || "auto" });
}

const typed = (form, name) => form?.elements.namedItem(name)?.value?.trim() || undefined;

// Stripe's field is a page of its own: it can not see our style sheets, so it is told what we look like.
function look(place) {
  const style = getComputedStyle(place);
  const muted = getComputedStyle(place.closest(".ik-method") ?? place).color;
  return {
    base: {
      color: style.color,
      fontFamily: style.fontFamily,
      fontSize: style.fontSize,
      "::placeholder": { color: muted },
    },
  };
}

// Called once, when the method is first opened.
function mount({ root, setup, form }) {
  const place = root.querySelector('[data-mount="card"]');
  const stripe = connect(setup.publishable_key);
  const hidePostalCode = Boolean(form?.elements.namedItem("postal_code")); // the address asks for it already
  const card = stripe.elements().create("card", { style: look(place), hidePostalCode });
  card.mount(place);
  document.getElementById(place.getAttribute("aria-labelledby"))?.addEventListener("click", () => card.focus?.());
  fields.set(root, { stripe, card });
}

// Who the card belongs to, for the bank's checks. What is not on this page is left out.
function owner(root, form) {
  const country = typed(form, "country");
  const address = {
    line1: typed(form, "street_address"),
    line2: typed(form, "address_2"),
    city: typed(form, "city"),
    state: typed(form, "state"),
    postal_code: typed(form, "postal_code"),
    country: country?.length === 2 ? country : undefined,
  };
  const name = root.querySelector('[name="name_on_card"]')?.value.trim();
  const details = { name: name || undefined, email: typed(form, "email"), address };
  return JSON.parse(JSON.stringify(details)); // without the undefined ones
}

// Resolves to {token}, or throws {field, message}.
async function tokenize({ root, setup, form }) {
  if (!root.querySelector('[name="name_on_card"]')?.value.trim()) {
    throw { field: "name_on_card", message: "Enter the name on your card." };
  }
  if (!fields.has(root)) mount({ root, setup, form });
  const { stripe, card } = fields.get(root);
  let answer;
  try {
    answer = await stripe.confirmCardSetup(setup.client_secret, {
      payment_method: { card, billing_details: owner(root, form) },
    });
  } catch {
    throw { field: "card", message: WORDS.wrong };
  }
  if (answer.error && !savedBefore(answer.error)) throw { field: "card", message: explain(answer.error) };
  return { token: setup.client_secret };
}

// The form was sent before and came back from the network: the card is saved already.
function savedBefore(error) {
  return error.setup_intent?.status === "succeeded";
}

// Stripe words its errors for the buyer where they are about the card.
function explain(error) {
  if (error.type === "api_connection_error") return WORDS.unreached;
  const aboutTheCard = ["card_error", "validation_error"].includes(error.type) || error.code?.startsWith("setup_");
  return (aboutTheCard && error.message) || WORDS.wrong;
}

// 3-D Secure: Stripe shows the bank's question. Resolves in either case, because what became of the payment
// is for the server to look up; throws only when nothing could be asked. A question that was answered is not
// asked again while the server is still looking: the page may be drawn once more before it knows.
async function authenticate({ data }) {
  const [payment] = data.client_secret.split("_secret_");
  if (recall(payment)) {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    return {};
  }
  const stripe = connect(data.publishable_key);
  const { error } = await stripe.confirmCardPayment(data.client_secret);
  if (error?.type === "api_connection_error") throw { message: WORDS.unreached };
  remember(payment);
  return {};
}

function recall(payment) {
  try {
    return sessionStorage.getItem(`stripe:${payment}`) !== null;
  } catch {
    return false; // storage is switched off: asking twice does no harm
  }
}

function remember(payment) {
  try {
    sessionStorage.setItem(`stripe:${payment}`, "answered");
  } catch {
    // as above
  }
}

export default { mount, tokenize, authenticate };
