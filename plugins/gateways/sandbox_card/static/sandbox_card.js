// The card form's part in the browser: the number and the code go to the sandbox's own origin and come back
// as a token. They have no name in the form, so they are never sent to the shop.

const FIELDS = {
  number: "number", code: "code", name: "name_on_card", expiryMonth: "expiry_month", expiryYear: "expiry_year",
};

const secure = (root, name) => root.querySelector(`[data-secure="${name}"]`);
const named = (root, name) => root.querySelector(`[name="${name}"]`)?.value ?? "";

function sandbox(setup) {
  return import(setup.tokenizer).catch(() => {
    throw { message: setup.say_no_answer };
  });
}

// The check digit of ISO/IEC 7812-1, annex B.
function luhn(digits) {
  const doubled = [...digits].reverse().map((digit, place) => Number(digit) * (1 + (place % 2)));
  return doubled.reduce((sum, value) => sum + (value > 9 ? value - 9 : value), 0) % 10 === 0;
}

const isNumber = (typed) => /^\d{12,19}$/.test(typed) && luhn(typed);
const isPast = (month, year) => {
  const now = new Date();
  return Number(year) < now.getFullYear() + (Number(month) <= now.getMonth() ? 1 : 0);
};

// All that is wrong to the eye, in the order of the form: nobody mends one thing to be told of the next.
function misfits(root, setup) {
  const number = (secure(root, "number")?.value ?? "").replace(/[\s-]/g, "");
  const code = (secure(root, "code")?.value ?? "").trim();
  const [month, year] = [named(root, "expiry_month").trim(), named(root, "expiry_year").trim()];
  const isMonth = /^(0?[1-9]|1[0-2])$/.test(month);
  const isYear = /^\d{4}$/.test(year);
  const found = [];
  if (!isNumber(number)) found.push({ field: "number", message: setup.say_number });
  if (!isMonth) found.push({ field: "expiry_month", message: setup.say_month });
  if (!isYear) found.push({ field: "expiry_year", message: setup.say_year });
  else if (isMonth && isPast(month, year)) found.push({ field: "expiry_year", message: setup.say_expired });
  if (!/^\d{3,4}$/.test(code)) found.push({ field: "code", message: setup.say_code });
  return found;
}

// What the sandbox complains of, in the page's language; what it has no word for here is said as it says it.
function said(error, setup) {
  const message = setup[`say_${error.code}`] ?? error.message;
  return FIELDS[error.field] ? { field: FIELDS[error.field], message } : { message };
}

// Resolves to {token}, or throws {message}, {field, message} or {errors: [{field, message}, ...]}.
async function tokenize({ root, setup }) {
  const wrong = misfits(root, setup);
  if (wrong.length) throw { errors: wrong };
  const { tokenize: ask } = await sandbox(setup);
  let card;
  try {
    card = await ask({
      publicKey: setup.public_key,
      number: secure(root, "number")?.value ?? "",
      code: secure(root, "code")?.value ?? "",
      expiryMonth: named(root, "expiry_month"),
      expiryYear: named(root, "expiry_year"),
      name: named(root, "name_on_card"),
    });
  } catch (error) {
    throw said(error, setup);
  }
  const wanted = named(root, "card_type");
  if (wanted && wanted !== "Automatic" && wanted !== card.brand) {
    throw { field: "card_type", message: setup.say_brand.replaceAll("{brand}", card.brand) };
  }
  return { token: card.token };
}

// 3-D Secure: the buyer answers the bank's question in the sandbox's dialog. Resolves in either case: what
// became of the charge is for the server to look up.
async function authenticate({ setup, data }) {
  const { authenticate: ask } = await sandbox(setup);
  try {
    await ask({ publicKey: setup.public_key, charge: data.charge, challenge: data.challenge });
  } catch (error) {
    if (error.code === "unreachable") throw { message: setup.say_no_answer };
  }
  return {};
}

export default { tokenize, authenticate };
