// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Deposit} from "../contracts/Deposit.sol";
import {DepositFactory} from "../contracts/DepositFactory.sol";
import {TestUSDC} from "../contracts/testing/Tokens.sol";

/// @dev Forge's own, as far as it is used here.
interface Vm {
    function deal(address who, uint256 wei_) external;
    function prank(address who) external;
}

Vm constant vm = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

/// @dev A treasury that takes no ether: what it is paid stays in its deposits.
contract TakesNoEther {}

/// @dev What strangers, buyers and merchants may do, in any order and with any figures.
contract Street {
    uint256 public constant DEPOSITS = 4; // of each treasury

    DepositFactory public immutable FACTORY = new DepositFactory();
    TestUSDC public immutable USDC = new TestUSDC();
    address[3] public treasuries = [address(0xA11CE), address(0xB0B), address(new TakesNoEther())];
    mapping(address treasury => mapping(address token => uint256)) public paid;

    function depositOf(uint256 treasury, uint256 number) public view returns (address) {
        return FACTORY.depositAddress(treasuries[treasury % 3], bytes32(number % DEPOSITS));
    }

    function payEther(uint256 treasury, uint256 number, uint96 amount, bytes calldata data) external {
        vm.deal(address(this), amount);
        // To a deposit that is deployed already data may be nonsense to it: then the buyer keeps the money.
        (bool sent,) = depositOf(treasury, number).call{value: amount}(data);
        if (sent) paid[treasuries[treasury % 3]][address(0)] += amount;
    }

    function payToken(uint256 treasury, uint256 number, uint96 amount) external {
        USDC.mint(depositOf(treasury, number), amount);
        paid[treasuries[treasury % 3]][address(USDC)] += amount;
    }

    function collect(address stranger, uint256 treasury, uint256 number, uint8 many, bool ether_, bool other) external {
        DepositFactory.Group[] memory groups = new DepositFactory.Group[](2);
        groups[0] = group(treasury, number, many, ether_);
        groups[1] = group((treasury % 3) + (other ? 1 : 0), (number % DEPOSITS) + 1, many, !ether_);
        vm.prank(stranger);
        FACTORY.collect(groups, 300_000);
    }

    function group(uint256 treasury, uint256 number, uint8 many, bool ether_)
        private
        view
        returns (DepositFactory.Group memory)
    {
        bytes32[] memory salts = new bytes32[]((many % DEPOSITS) + 1);
        for (uint256 i = 0; i < salts.length; ++i) salts[i] = bytes32((number % DEPOSITS + i) % DEPOSITS);
        return DepositFactory.Group(treasuries[treasury % 3], ether_ ? address(0) : address(USDC), salts);
    }

    /// @dev Whoever is not the factory asks in vain, of a clone and of what it delegates to.
    function sweepByAStranger(address stranger, uint256 treasury, uint256 number, address token, uint96 amount) external {
        if (stranger == address(FACTORY)) return;
        address deposit = depositOf(treasury, number);
        if (deposit.code.length == 0) deposit = FACTORY.IMPLEMENTATION();
        vm.prank(stranger);
        (bool swept,) = deposit.call(abi.encodeCall(Deposit.sweep, (token, amount)));
        require(!swept, "a stranger swept");
    }

    function callNonsense(address stranger, uint256 treasury, uint256 number, bytes calldata data) external {
        vm.prank(stranger);
        (bool called,) = depositOf(treasury, number).call(data);
        called;
    }
}

contract InvariantTest {
    Street private street;
    DepositFactory private factory;
    address private usdc;

    function setUp() external {
        street = new Street();
        factory = street.FACTORY();
        usdc = address(street.USDC());
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(street);
    }

    /// @dev All in one, since forge plays a whole series of calls for each invariant.
    function invariant_only_the_treasury_gains() external view {
        _money_is_with_its_treasury();
        _factory_and_implementation_hold_nothing();
        _a_deposit_is_its_clone_for_ever();
    }

    /// @dev Money is in the deposit it was paid to, or in that deposit's treasury. Nowhere else, and no less of it.
    function _money_is_with_its_treasury() private view {
        for (uint256 at = 0; at < 3; ++at) {
            address treasury = street.treasuries(at);
            uint256 coins = treasury.balance;
            uint256 tokens = street.USDC().balanceOf(treasury);
            for (uint256 number = 0; number < street.DEPOSITS(); ++number) {
                coins += street.depositOf(at, number).balance;
                tokens += street.USDC().balanceOf(street.depositOf(at, number));
            }
            require(coins == street.paid(treasury, address(0)), "ether went elsewhere");
            require(tokens == street.paid(treasury, usdc), "tokens went elsewhere");
        }
    }

    function _factory_and_implementation_hold_nothing() private view {
        address[2] memory ours = [address(factory), factory.IMPLEMENTATION()];
        for (uint256 i = 0; i < 2; ++i) {
            require(ours[i].balance == 0 && street.USDC().balanceOf(ours[i]) == 0, "something lies in our contracts");
        }
    }

    /// @dev A deposit is nothing yet, or those 64 bytes that end with its treasury: for ever.
    function _a_deposit_is_its_clone_for_ever() private view {
        for (uint256 at = 0; at < 3; ++at) {
            bytes memory clone = abi.encodePacked(
                hex"3d3615602a57363d3d373d3d363d73", factory.IMPLEMENTATION(), hex"5af4602a5780fd5b00", street.treasuries(at)
            );
            for (uint256 number = 0; number < street.DEPOSITS(); ++number) {
                bytes memory code = street.depositOf(at, number).code;
                require(code.length == 0 || keccak256(code) == keccak256(clone), "a deposit became something else");
            }
        }
    }
}
