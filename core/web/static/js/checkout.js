// Order Summary and Pay another way: payment methods, and an address whose fields follow the country.

import "./methods.js";
import { places } from "./places.js";

places(document.querySelector("form[data-checkout]"));
