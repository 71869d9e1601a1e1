// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Ledger, StandardToken} from "./Tokens.sol";
import {DepositFactory} from "../DepositFactory.sol";

contract ReturnsFalse is Ledger("Returns False", "FALSE", 18) {
    function transfer(address, uint256) external pure returns (bool) {
        return false;
    }
}

/// @dev Neither true nor false nor nothing.
contract ReturnsTwo is Ledger("Returns Two", "TWO", 18) {
    function transfer(address, uint256) external pure returns (uint256) {
        return 2;
    }
}

contract Reverts is Ledger("Reverts", "REV", 18) {
    function transfer(address, uint256) external pure returns (bool) {
        revert("paused");
    }
}

/// @dev Reverts for one holder only, like a token with a blocklist.
contract Blocklist is StandardToken {
    address public immutable blocked;

    constructor(address blocked_) Ledger("Blocklist", "BLOCK", 18) {
        blocked = blocked_;
    }

    function transfer(address to, uint256 value) external override returns (bool) {
        require(msg.sender != blocked, "blocked");
        _move(msg.sender, to, value);
        return true;
    }
}

/// @dev Takes one percent on the way.
contract TakesFee is StandardToken {
    constructor() Ledger("Takes Fee", "FEE", 18) {}

    function transfer(address to, uint256 value) external override returns (bool) {
        _move(msg.sender, to, value - value / 100);
        _move(msg.sender, address(0xfee), value / 100);
        return true;
    }
}

contract BurnsGas is Ledger("Burns Gas", "BURN", 18) {
    function transfer(address, uint256) external pure returns (bool) {
        assembly {
            invalid()
        }
    }
}

/// @dev Answers with a megabyte, so that copying it would cost a fortune.
contract ReturnsBomb is Ledger("Returns Bomb", "BOMB", 18) {
    function transfer(address to, uint256 value) external returns (bool) {
        _move(msg.sender, to, value);
        assembly {
            mstore(0, 1)
            return(0, 100000)
        }
    }
}

/// @dev balanceOf never answers: reverts, or burns all gas.
contract BalanceReverts {
    function balanceOf(address) external pure returns (uint256) {
        revert("no");
    }
}

contract BalanceBurnsGas {
    function balanceOf(address) external pure returns (uint256) {
        assembly {
            invalid()
        }
    }
}

/// @dev In the middle of a transfer it collects the deposit's ETH and, if told to, the deposit's same tokens again.
contract ReEnters is StandardToken {
    DepositFactory public factory;
    address public treasury;
    bytes32 public salt;
    bool public itself;
    uint256 public entered;

    constructor() Ledger("Re-enters", "RE", 18) {}

    function aim(DepositFactory factory_, address treasury_, bytes32 salt_, bool itself_) external {
        (factory, treasury, salt, itself) = (factory_, treasury_, salt_, itself_);
    }

    function transfer(address to, uint256 value) external override returns (bool) {
        if (entered++ == 0) {
            bytes32[] memory salts = new bytes32[](1);
            salts[0] = salt;
            DepositFactory.Group[] memory groups = new DepositFactory.Group[](itself ? 2 : 1);
            groups[0] = DepositFactory.Group(treasury, address(0), salts);
            if (itself) groups[1] = DepositFactory.Group(treasury, address(this), salts);
            factory.collect(groups, 100_000);
        }
        _move(msg.sender, to, value);
        return true;
    }
}
