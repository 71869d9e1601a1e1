// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

// Development and tests only: anyone may mint.

/// @dev What all test tokens share; each answers `transfer` in its own way.
abstract contract Ledger {
    string public name;
    string public symbol;
    uint8 public immutable decimals;
    uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;

    event Transfer(address indexed from, address indexed to, uint256 value);

    constructor(string memory name_, string memory symbol_, uint8 decimals_) {
        (name, symbol, decimals) = (name_, symbol_, decimals_);
    }

    function mint(address to, uint256 value) external {
        totalSupply += value;
        balanceOf[to] += value;
        emit Transfer(address(0), to, value);
    }

    function _move(address from, address to, uint256 value) internal {
        require(balanceOf[from] >= value, "balance too low");
        unchecked {
            balanceOf[from] -= value;
            balanceOf[to] += value;
        }
        emit Transfer(from, to, value);
    }
}

abstract contract StandardToken is Ledger {
    mapping(address => mapping(address => uint256)) public allowance;

    event Approval(address indexed owner, address indexed spender, uint256 value);

    function approve(address spender, uint256 value) external returns (bool) {
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
        return true;
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        allowance[from][msg.sender] -= value;
        _move(from, to, value);
        return true;
    }

    function transfer(address to, uint256 value) external virtual returns (bool) {
        _move(msg.sender, to, value);
        return true;
    }
}

contract TestUSDC is StandardToken {
    constructor() Ledger("Test USD Coin", "USDC", 6) {}
}

/// @dev Returns nothing from `transfer`, as Tether's token on Ethereum does.
contract TestUSDT is Ledger {
    constructor() Ledger("Test Tether USD", "USDT", 6) {}

    function transfer(address to, uint256 value) external {
        _move(msg.sender, to, value);
    }
}

/// @dev A network's own coin that shows itself as a token, as Celo's does.
contract CoinAsToken {
    string public constant symbol = "COIN";
    uint8 public constant decimals = 18;

    function balanceOf(address owner) external view returns (uint256) {
        return owner.balance;
    }
}
