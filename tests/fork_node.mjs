// A node of one block a transaction on @ethereumjs/vm, which knows forks that anvil does not (Amsterdam: EIP-7708 logs
// every transfer of ether, EIP-8037 prices what state grows by). It speaks as much JSON-RPC as the tests ask for.
//
//     node tests/fork_node.mjs <port> <fork>          prints "Listening on 127.0.0.1:<port>"
//
// tests/fork_node.py starts it. `fork_set` changes the fork from the next block on.
import { createServer } from "node:http";
import { createBlock } from "@ethereumjs/block";
import { Common, Mainnet } from "@ethereumjs/common";
import { createLegacyTx } from "@ethereumjs/tx";
import {
  bigIntToHex, bytesToHex, createAccount, createAddressFromString, hexToBytes,
} from "@ethereumjs/util";
import { createVM, runTx } from "@ethereumjs/vm";
import { keccak_256 } from "@noble/hashes/sha3.js";

const CHAIN_ID = 31337;
const MOST_GAS = 2n ** 24n; // EIP-7825
const BLOCK_GAS = 60_000_000n;
const ETHER = 10n ** 18n;
// The well-known accounts of the development mnemonic, as anvil has them.
const ACCOUNTS = [
  "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266", "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
  "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc", "0x90f79bf6eb2c4f870365e785982e1f101e93b906",
  "0x15d34aaf54267db7d7c367839aaf71a00a2c6a65", "0x9965507d1a55bcc2695c58ba16fb37d819b0a4dc",
  "0x976ea74026e726554db657fa54763abd0c3a0aa9", "0x14dc79964da2c08b23698b3d3cc7ca32193d9955",
  "0x23618e81e3f5cdf7f54c3d65f7fbc0abf5b21e8f", "0xa0ee7a142d267c1f36714e4a8f75612f20a79720",
];
// Arachnid's deployment proxy, as it is on every network.
const PROXY = "0x4e59b44847b379578588920ca78fbf26c0b4956c";
const PROXY_CODE =
  "0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3";

const chainOf = (hardfork) => new Common({ chain: { ...Mainnet, chainId: CHAIN_ID }, hardfork });
let vm = await createVM({ common: chainOf(process.argv[3] ?? "amsterdam") });
for (const each of ACCOUNTS) await setBalance(each, 10_000n * ETHER);
await vm.stateManager.putCode(createAddressFromString(PROXY), hexToBytes(PROXY_CODE));

const hash = (text) => bytesToHex(keccak_256(new TextEncoder().encode(text)));
const blocks = [];
const receipts = new Map();
await addBlock([]);

async function setBalance(address, units) {
  const at = createAddressFromString(address);
  const account = (await vm.stateManager.getAccount(at)) ?? createAccount({});
  account.balance = BigInt(units);
  await vm.stateManager.putAccount(at, account);
}

async function addBlock(transactions) {
  const number = blocks.length;
  const parentHash = blocks.at(-1)?.hash ?? `0x${"0".repeat(64)}`;
  const root = bytesToHex(await vm.stateManager.getStateRoot());
  const timestamp = 1_700_000_000 + 12 * number;
  const block = {
    number: bigIntToHex(BigInt(number)), parentHash, timestamp: bigIntToHex(BigInt(timestamp)), transactions,
    gasLimit: bigIntToHex(BLOCK_GAS), baseFeePerGas: "0x1", miner: `0x${"0".repeat(40)}`, logsBloom: bloomOf([]),
    hash: hash(`${number} ${parentHash} ${root} ${transactions.map((each) => each.hash)}`), root,
  };
  block.transactions = transactions.map((each) => ({ ...each, blockNumber: block.number, blockHash: block.hash }));
  blocks.push(block);
  return block;
}

function bloomOf(logs) {
  const bits = new Uint8Array(256);
  const add = (item) => {
    const digest = keccak_256(hexToBytes(item));
    for (const at of [0, 2, 4]) {
      const bit = ((digest[at] << 8) | digest[at + 1]) & 2047;
      bits[255 - (bit >> 3)] |= 1 << (bit & 7);
    }
  };
  for (const { address, topics } of logs) for (const item of [address, ...topics]) add(item);
  return bytesToHex(bits);
}

async function run(machine, { from, to, value = "0x0", data, input, gas }) {
  const sender = createAddressFromString(from ?? ACCOUNTS[0]);
  const nonce = (await machine.stateManager.getAccount(sender))?.nonce ?? 0n;
  const fields = { nonce, gasPrice: 1n, gasLimit: BigInt(gas ?? MOST_GAS), value: BigInt(value), data: data ?? input ?? "0x" };
  const tx = createLegacyTx(to ? { ...fields, to: createAddressFromString(to) } : fields, {
    common: machine.common, freeze: false, allowUnlimitedInitCodeSize: true,
  });
  tx.isSigned = () => true;
  tx.getSenderAddress = () => sender;
  tx.getValidationErrors = () => [];
  const header = { number: BigInt(blocks.length), timestamp: BigInt(1_700_000_000 + 12 * blocks.length), gasLimit: BLOCK_GAS, baseFeePerGas: 1n };
  const block = createBlock({ header }, { common: machine.common, skipConsensusFormatValidation: true });
  const skip = { skipBalance: true, skipHardForkValidation: true, skipBlockGasLimitValidation: true };
  return { result: await runTx(machine, { tx, block, ...skip }), nonce };
}

async function send(asked) {
  const { result, nonce } = await run(vm, asked);
  const txHash = hash(`tx ${asked.from} ${nonce}`);
  const { from = ACCOUNTS[0], to = null, value = "0x0", data = "0x" } = asked;
  const block = await addBlock([{ hash: txHash, from, to, value, input: data, transactionIndex: "0x0" }]);
  const logs = (result.receipt.logs ?? []).map(([address, topics, body], at) => ({
    address: bytesToHex(address), topics: topics.map(bytesToHex), data: bytesToHex(body), logIndex: bigIntToHex(BigInt(at)),
    blockNumber: block.number, blockHash: block.hash, transactionHash: txHash, transactionIndex: "0x0", removed: false,
  }));
  block.logsBloom = bloomOf(logs);
  receipts.set(txHash, {
    transactionHash: txHash, blockNumber: block.number, blockHash: block.hash, from, to, logs, logsBloom: block.logsBloom,
    status: result.execResult.exceptionError ? "0x0" : "0x1", gasUsed: bigIntToHex(result.totalGasSpent),
    contractAddress: result.createdAddress?.toString() ?? null,
  });
  return txHash;
}

async function copyAt(tag) {
  const copy = await vm.shallowCopy();
  const at = tag === undefined || tag === "latest" || tag === "pending" ? blocks.length - 1 : Number(tag);
  if (!blocks[at]) throw new Error("header not found");
  await copy.stateManager.setStateRoot(hexToBytes(blocks[at].root));
  return copy;
}

async function call(asked, tag) {
  const copy = await copyAt(tag);
  const result = await copy.evm.runCall({
    caller: createAddressFromString(asked.from ?? ACCOUNTS[0]), data: hexToBytes(asked.data ?? asked.input ?? "0x"),
    to: asked.to ? createAddressFromString(asked.to) : undefined, value: BigInt(asked.value ?? 0), gasLimit: MOST_GAS * 8n,
    block: createBlock({ header: { number: BigInt(blocks.length), gasLimit: BLOCK_GAS } }, { common: copy.common, skipConsensusFormatValidation: true }),
  });
  if (result.execResult.exceptionError) throw new Error("execution reverted");
  return bytesToHex(result.execResult.returnValue);
}

async function estimate(asked) {
  const works = async (gas) => {
    try {
      const { result } = await run(await copyAt("latest"), { ...asked, gas });
      return result.execResult.exceptionError ? null : result.totalGasSpent;
    } catch {
      return null;
    }
  };
  let high = asked.gas === undefined ? MOST_GAS : BigInt(asked.gas);
  const spent = await works(high);
  if (spent === null) throw new Error(`gas required exceeds allowance (${high})`);
  let low = spent - 1n;
  while (high - low > high / 50n + 1n) {
    const middle = (low + high) / 2n;
    if ((await works(middle)) === null) low = middle;
    else high = middle;
  }
  return bigIntToHex(high);
}

const matches = (log, { address, topics = [] }) =>
  (!address || [address].flat().some((each) => each.toLowerCase() === log.address)) &&
  topics.every((want, at) => want === null || want === undefined || [want].flat().includes(log.topics[at]));

const methods = {
  eth_chainId: () => bigIntToHex(BigInt(CHAIN_ID)),
  eth_accounts: () => ACCOUNTS,
  eth_blockNumber: () => blocks.at(-1).number,
  eth_gasPrice: () => "0x3b9aca00",
  eth_feeHistory: () => ({ baseFeePerGas: ["0x3b9aca00", "0x3b9aca00"], reward: [["0x0"]], gasUsedRatio: [0.5], oldestBlock: "0x0" }),
  eth_getBlockByNumber: (tag, full) => {
    const block = tag === "latest" ? blocks.at(-1) : blocks[Number(tag)];
    return block ? { ...block, transactions: full ? block.transactions : block.transactions.map((each) => each.hash) } : null;
  },
  eth_getTransactionReceipt: (txHash) => receipts.get(txHash) ?? null,
  eth_getLogs: (asked) =>
    [...receipts.values()].flatMap((each) => each.logs).filter(
      (log) => Number(log.blockNumber) >= Number(asked.fromBlock) && Number(log.blockNumber) <= Number(asked.toBlock) && matches(log, asked),
    ),
  eth_getBalance: async (address, tag) =>
    bigIntToHex((await (await copyAt(tag)).stateManager.getAccount(createAddressFromString(address)))?.balance ?? 0n),
  eth_getCode: async (address, tag) => bytesToHex(await (await copyAt(tag)).stateManager.getCode(createAddressFromString(address))),
  eth_call: call,
  eth_estimateGas: estimate,
  eth_sendTransaction: send,
  anvil_setBalance: async (address, units) => {
    await setBalance(address, units);
    blocks.at(-1).root = bytesToHex(await vm.stateManager.getStateRoot());
    return null;
  },
  evm_mine: async () => { await addBlock([]); return "0x0"; },
  fork_set: async (fork) => {
    vm = await createVM({ common: chainOf(fork), stateManager: vm.stateManager });
    return null;
  },
};

async function answer({ id, method, params = [] }) {
  try {
    if (!(method in methods)) throw Object.assign(new Error(`the method ${method} does not exist`), { code: -32601 });
    return { jsonrpc: "2.0", id, result: await methods[method](...params) };
  } catch (error) {
    return { jsonrpc: "2.0", id, error: { code: error.code ?? -32000, message: error.message } };
  }
}

// One after the other: the machine has one state.
let turn = Promise.resolve();
const server = createServer((request, response) => {
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece)).on("end", () => {
    turn = turn.then(async () => {
      const asked = JSON.parse(Buffer.concat(pieces));
      const said = [];
      for (const each of [asked].flat()) said.push(await answer(each));
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify(Array.isArray(asked) ? said : said[0]));
    });
  });
});
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => console.log(`Listening on 127.0.0.1:${server.address().port}`));
