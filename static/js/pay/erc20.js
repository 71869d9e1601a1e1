// The transaction a wallet is asked to sign, built from whole numbers only: an amount never passes through a float.

const TRANSFER = "a9059cbb"; // the first four bytes of keccak256("transfer(address,uint256)")
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;

const hex = (number) => `0x${number.toString(16)}`;
const word = (digits) => digits.padStart(64, "0");

/** Calldata of ERC-20 `transfer(recipient, units)`. */
export function transferData(recipient, units) {
  checkAddress(recipient);
  return `0x${TRANSFER}${word(recipient.slice(2).toLowerCase())}${word(checkedUnits(units).toString(16))}`;
}

/** Parameters for `eth_sendTransaction`: a token's transfer, or the network's own coin when `contract` is empty.
 * With its network: a wallet that is on another one refuses, instead of sending the money there. With `gas` where a
 * transfer of the coin takes more than the 21,000 that wallets assume. */
export function transaction({ from, contract, recipient, units, chainId, gas }) {
  checkAddress(from);
  checkAddress(recipient);
  const to = { from, chainId: chainIdHex(chainId) };
  if (!contract) return { ...to, to: recipient, value: hex(checkedUnits(units)), ...(gas ? { gas: hex(BigInt(gas)) } : {}) };
  checkAddress(contract);
  return { ...to, to: contract, value: "0x0", data: transferData(recipient, units) };
}

export const chainIdHex = (chainId) => hex(BigInt(chainId));

function checkAddress(address) {
  if (!ADDRESS.test(address)) throw new RangeError(`not an address: ${address}`);
}

function checkedUnits(units) {
  const amount = BigInt(units);
  if (amount <= 0n || amount >= 1n << 256n) throw new RangeError(`not an amount: ${units}`);
  return amount;
}
