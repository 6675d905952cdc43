// The card form's part in the browser: the number and the code go to the sandbox's own origin and come back
// as a token. They have no name in the form, so they are never sent to the shop.

const FIELDS = {
  number: "number", code: "code", name: "name_on_card", expiryMonth: "expiry_month", expiryYear: "expiry_year",
};

const secure = (root, name) => root.querySelector(`[data-secure="${name}"]`);
const named = (root, name) => root.querySelector(`[name="${name}"]`)?.value ?? "";

function sandbox(setup) {
  return import(setup.tokenizer).catch(() => {
    throw { message: "The card service did not answer. Please try again in a moment." };
  });
}

// What is wrong to the eye, beside the one thing the sandbox complains of: all is told at once.
function misfits(root) {
  const found = [];
  const look = (field, value, pattern, message) => {
    if (!pattern.test(value.trim())) found.push({ field, message });
  };
  look("expiry_month", named(root, "expiry_month"), /^(0?[1-9]|1[0-2])$/, "Enter the month from 1 to 12.");
  look("expiry_year", named(root, "expiry_year"), /^(\d{2}|\d{4})$/, "Enter the year, as in 2030.");
  look("code", secure(root, "code")?.value ?? "", /^\d{3,4}$/, "Enter the 3 or 4 digits of the security code.");
  return found;
}

// Resolves to {token}, or throws {field, message} or {errors: [{field, message}, ...]}.
async function tokenize({ root, setup }) {
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
    const told = { field: FIELDS[error.field], message: error.message };
    if (!told.field) throw told; // the whole card, or no answer
    throw { errors: [told, ...misfits(root).filter(({ field }) => field !== told.field)] };
  }
  const wanted = named(root, "card_type");
  if (wanted && wanted !== "Automatic" && wanted !== card.brand) {
    throw { field: "card_type", message: `This card is from ${card.brand}. Choose ${card.brand} or Automatic.` };
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
    if (error.code === "unreachable") throw { message: error.message };
  }
  return {};
}

export default { tokenize, authenticate };
