// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Deposit} from "./Deposit.sol";

/// @title Makes deposits and collects them: anyone may call, the money can only go to each deposit's own treasury.
/// @notice A deposit's address is create2(this factory, salt, init code with the treasury in it): known before
/// anything is deployed, good for receiving at once. It holds no money and has no owner, no storage, no settings.
/// @dev The clone, 64 bytes: EIP-1167 in idea, but it takes ETH without a call to the implementation, so that a
/// sender with only the 2,300 gas of `transfer` can still pay a deposit that was already collected.
///   00  3d                           0, for the revert at 28
///   01  36 15 60 2a 57               no call data: go to 2a
///   06  36 3d 3d 37                  copy the call data to memory
///   0a  3d 3d 36 3d 73 <20 bytes>    the implementation's address, made ready for
///   23  5a f4                        delegatecall with all gas and the call data
///   25  60 2a 57                     done: go to 2a
///   28  80 fd                        failed: revert(0, 0)
///   2a  5b 00                        stop
///   2c  <20 bytes>                   the treasury, never executed
contract DepositFactory {
    /// @notice `amount` left `deposit` for `treasury` (a token that takes a fee delivers less). token 0: ETH.
    event Collected(address indexed treasury, address indexed deposit, address token, uint256 amount);

    /// @notice `deposit` holds `amount`, but the token or the treasury refused; it stays there for another time.
    event NotCollected(address indexed treasury, address indexed deposit, address token, uint256 amount);

    /// @notice The transaction's gas limit is too low to give each transfer what was promised.
    error NotEnoughGas();
    error DeploymentFailed();

    /// @notice Deposits of one treasury that hold the same token (address(0): ETH).
    struct Group {
        address treasury;
        address token;
        bytes32[] salts;
    }

    /// @notice What the clones delegate to; made here, so that its address follows from the factory's.
    address public immutable IMPLEMENTATION = address(new Deposit());

    /// @dev What calling costs beside the gas handed on (EIP-150 keeps 1/64 of the rest back).
    uint256 private constant CALL_OVERHEAD = 10_000;

    /// @notice Address of the deposit of `treasury` and `salt`, deployed or not.
    function depositAddress(address treasury, bytes32 salt) external view returns (address) {
        return _addressOf(salt, keccak256(_initCode(treasury)));
    }

    /// @notice Sends everything the deposits hold of their group's token to their treasury, deploying them first
    /// where needed. Empty ones are passed over; one that fails is reported by an event and holds up no other.
    /// @param gasEach most gas that one transfer or balance question may take: 300,000 suits all known tokens.
    /// Each gets exactly this or the whole call reverts; otherwise a wallet's gas estimate would settle on a limit
    /// at which transfers fail, and a token that burns its gas would burn that of the others.
    function collect(Group[] calldata groups, uint256 gasEach) external {
        for (uint256 i = 0; i < groups.length; ++i) {
            _collectGroup(groups[i].treasury, groups[i].token, groups[i].salts, gasEach);
        }
    }

    function _collectGroup(address treasury, address token, bytes32[] calldata salts, uint256 gasEach) private {
        bytes memory initCode = _initCode(treasury);
        bytes32 initCodeHash = keccak256(initCode);
        for (uint256 i = 0; i < salts.length; ++i) {
            address deposit = _addressOf(salts[i], initCodeHash);
            uint256 amount = _balanceOf(token, deposit, gasEach);
            if (amount == 0) continue;
            if (deposit.code.length == 0) _deploy(salts[i], initCode);
            if (_sweep(deposit, token, amount, gasEach)) {
                emit Collected(treasury, deposit, token, amount);
            } else {
                emit NotCollected(treasury, deposit, token, amount);
            }
        }
    }

    function _initCode(address treasury) private view returns (bytes memory) {
        return abi.encodePacked(
            hex"3d604080600a3d3981f3", // copies and returns the 64 bytes behind it
            hex"3d3615602a57363d3d373d3d363d73", IMPLEMENTATION, hex"5af4602a5780fd5b00", treasury
        );
    }

    /// @dev EIP-1014: the last 20 bytes of keccak256(0xff, factory, salt, init code hash).
    function _addressOf(bytes32 salt, bytes32 initCodeHash) private view returns (address deposit) {
        assembly ("memory-safe") {
            mstore8(0x00, 0xff)
            mstore(0x35, initCodeHash)
            mstore(0x01, shl(96, address()))
            mstore(0x15, salt)
            deposit := and(keccak256(0x00, 0x55), 0xffffffffffffffffffffffffffffffffffffffff)
            mstore(0x35, 0) // gives the free memory pointer back its upper bytes
        }
    }

    /// @dev A free address always takes the clone, so the only cause of failure is gas: then nothing may go on.
    function _deploy(bytes32 salt, bytes memory initCode) private {
        address made;
        assembly ("memory-safe") {
            made := create2(0, add(initCode, 0x20), mload(initCode), salt)
        }
        if (made == address(0)) revert DeploymentFailed();
    }

    /// @dev 0 when the token fails or answers nothing: then there is nothing that could be sent. It cannot write
    /// here (staticcall), nor make us copy more than one word.
    function _balanceOf(address token, address holder, uint256 gasEach) private view returns (uint256 amount) {
        if (token == address(0)) return holder.balance;
        _requireGas(gasEach);
        assembly ("memory-safe") {
            mstore(0x14, holder)
            mstore(0x00, 0x70a08231000000000000000000000000) // balanceOf(address)
            let answered := staticcall(gasEach, token, 0x10, 0x24, 0x00, 0x20)
            amount := mul(mload(0x00), and(answered, gt(returndatasize(), 31)))
        }
    }

    function _sweep(address deposit, address token, uint256 amount, uint256 gasEach) private returns (bool swept) {
        _requireGas(gasEach);
        bytes4 selector = Deposit.sweep.selector;
        assembly ("memory-safe") {
            let data := mload(0x40) // free memory, used and left free: allocating for each deposit costs too much
            mstore(data, selector)
            mstore(add(data, 0x04), token)
            mstore(add(data, 0x24), amount)
            swept := call(gasEach, deposit, 0, data, 0x44, 0, 0)
        }
    }

    function _requireGas(uint256 gasEach) private view {
        if (gasleft() < gasEach + gasEach / 63 + CALL_OVERHEAD) revert NotEnoughGas();
    }
}
