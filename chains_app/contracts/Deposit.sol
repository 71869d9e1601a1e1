// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

/// @title What a deposit can do: send what it holds to its treasury. Nothing else.
/// @notice Every session's deposit address carries a 64-byte clone (see DepositFactory) that delegates here; its
/// last 20 bytes are its treasury, so the treasury is part of the address itself and cannot be changed by anyone.
/// No storage, no owner, no upgrade, no selfdestruct, no approval, no call with a free choice of target and data.
contract Deposit {
    /// @dev Only the factory may ask, so that every collection leaves the factory's event on chain.
    address private immutable FACTORY = msg.sender;

    /// @dev Where the treasury starts in a clone's code.
    uint256 private constant TREASURY_OFFSET = 44;

    error OnlyTheFactory();
    error TransferFailed();

    /// @notice Like a plain address, it takes ETH with any data attached. (Clones take ETH without data themselves.)
    fallback() external payable {}

    receive() external payable {}

    /// @notice Sends `amount` of `token` (address(0): ETH, in wei) to this clone's treasury.
    /// @dev Reverts when the money did not move, so that a failure leaves nothing half done.
    function sweep(address token, uint256 amount) external {
        if (msg.sender != FACTORY) revert OnlyTheFactory();
        address treasury = _treasury();
        if (!(token == address(0) ? _sendEther(treasury, amount) : _sendToken(token, treasury, amount))) {
            revert TransferFailed();
        }
    }

    /// @dev In a delegatecall address(this) is the clone, so this reads the clone's code and not our own.
    function _treasury() private view returns (address treasury) {
        assembly ("memory-safe") {
            extcodecopy(address(), 0x00, TREASURY_OFFSET, 20)
            treasury := shr(96, mload(0x00))
        }
    }

    /// @dev All gas goes along (the factory limits it): a Safe's receive needs more than the 2,300 of `transfer`.
    /// Nothing that the treasury returns is copied, so it cannot make us pay for a huge answer.
    function _sendEther(address treasury, uint256 amount) private returns (bool sent) {
        assembly ("memory-safe") {
            sent := call(gas(), treasury, amount, 0, 0, 0, 0)
        }
    }

    /// @dev ERC-20 as it is in the field: true is success, and so is returning nothing (USDT); false, a revert, or
    /// anything else is failure. The factory saw this token answer balanceOf, so there is code at its address.
    function _sendToken(address token, address treasury, uint256 amount) private returns (bool sent) {
        assembly ("memory-safe") {
            mstore(0x14, treasury)
            mstore(0x34, amount)
            mstore(0x00, 0xa9059cbb000000000000000000000000) // transfer(address,uint256)
            sent := call(gas(), token, 0, 0x10, 0x44, 0x00, 0x20)
            sent := and(sent, or(iszero(returndatasize()), and(gt(returndatasize(), 31), eq(mload(0x00), 1))))
            mstore(0x34, 0) // gives the free memory pointer back its upper bytes
        }
    }
}
