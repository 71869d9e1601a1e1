// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {DepositFactory} from "../DepositFactory.sol";

/// @dev A treasury like a Safe: its receive writes and logs, far beyond 2,300 gas.
contract SafeLikeTreasury {
    uint256 public received;
    uint256 public times;

    event SafeReceived(address indexed sender, uint256 value);

    receive() external payable {
        received += msg.value;
        ++times;
        emit SafeReceived(msg.sender, msg.value);
    }
}

contract RejectingTreasury {
    receive() external payable {
        revert("no ETH here");
    }
}

contract GasBurningTreasury {
    receive() external payable {
        assembly {
            invalid()
        }
    }
}

/// @dev On receiving ETH it collects the same deposit again.
contract ReEnteringTreasury {
    DepositFactory public factory;
    bytes32 public salt;
    uint256 public times;

    function aim(DepositFactory factory_, bytes32 salt_) external {
        (factory, salt) = (factory_, salt_);
    }

    receive() external payable {
        ++times;
        bytes32[] memory salts = new bytes32[](1);
        salts[0] = salt;
        DepositFactory.Group[] memory groups = new DepositFactory.Group[](1);
        groups[0] = DepositFactory.Group(address(this), address(0), salts);
        factory.collect(groups, 50_000);
    }
}

/// @dev Sends ETH from inside a contract: no transaction's `to` shows the receiver.
contract EtherSender {
    function sendByCall(address payable to) external payable {
        (bool sent,) = to.call{value: msg.value}("");
        require(sent, "refused");
    }

    function sendWithData(address payable to, bytes calldata data) external payable {
        (bool sent,) = to.call{value: msg.value}(data);
        require(sent, "refused");
    }

    /// @dev With the 2,300 gas of Solidity's `transfer` and no more; zero value, since value brings its own 2,300.
    function sendWith2300Gas(address payable to) external payable {
        bool sent;
        assembly {
            sent := call(0, to, callvalue(), 0, 0, 0, 0)
        }
        require(sent, "refused");
    }

    function sendToMany(address payable[] calldata to) external payable {
        for (uint256 i = 0; i < to.length; ++i) {
            (bool sent,) = to[i].call{value: msg.value / to.length}("");
            require(sent, "refused");
        }
    }
}

/// @dev A contract wallet that signs by EIP-1271 through the key of its owner.
contract Eip1271Wallet {
    address public immutable owner;

    constructor(address owner_) {
        owner = owner_;
    }

    receive() external payable {}

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        if (signature.length != 65) return 0xffffffff;
        address signer = ecrecover(hash, uint8(signature[64]), bytes32(signature[0:32]), bytes32(signature[32:64]));
        return signer != address(0) && signer == owner ? bytes4(0x1626ba7e) : bytes4(0xffffffff);
    }

    /// @dev Any call of the owner, like a Safe's transaction.
    function execute(address to, uint256 value, bytes calldata data) external returns (bytes memory) {
        require(msg.sender == owner, "not the owner");
        (bool done, bytes memory answer) = to.call{value: value}(data);
        require(done, "call failed");
        return answer;
    }
}
