// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {DepositFactory} from "../contracts/DepositFactory.sol";
import {TestUSDC} from "../contracts/testing/Tokens.sol";

/// @dev Forge's and halmos' own, as far as it is used here.
interface Vm {
    function assume(bool) external;
    function deal(address who, uint256 wei_) external;
    function prank(address who) external;
}

interface Svm {
    function createBytes(uint256 size, string memory name) external returns (bytes memory);
    function createCalldata(string memory contract_, bool withViews) external returns (bytes memory);
}

Vm constant vm = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);
Svm constant svm = Svm(0xF3993A62377BCd56AE39D773740A5390411E8BC9);

/// @dev Each holds for every treasury, salt, amount, caller and other address at once: halmos tries no examples, it
/// follows every path with unknowns in their places and asks a solver whether any of them breaks an assertion.
contract ProofTest {
    DepositFactory private factory;
    TestUSDC private usdc;

    function setUp() external {
        factory = new DepositFactory();
        usdc = new TestUSDC();
    }

    function _paid(address treasury, bytes32 salt, uint96 coins, uint96 tokens) private returns (address deposit) {
        deposit = factory.depositAddress(treasury, salt);
        vm.deal(deposit, coins);
        usdc.mint(deposit, tokens);
    }

    function _group(address treasury, address token, bytes32 salt) private pure returns (DepositFactory.Group memory group) {
        group.treasury = treasury;
        group.token = token;
        group.salts = new bytes32[](1);
        group.salts[0] = salt;
    }

    function _collect(address caller, address treasury, address token, bytes32 salt) private returns (bool done) {
        DepositFactory.Group[] memory groups = new DepositFactory.Group[](1);
        groups[0] = _group(treasury, token, salt);
        vm.prank(caller);
        (done,) = address(factory).call(abi.encodeCall(DepositFactory.collect, (groups, 300_000)));
    }

    function check_coins_go_to_the_treasury_alone(
        address caller, address treasury, bytes32 salt, uint96 amount, address other
    ) external {
        address deposit = _paid(treasury, salt, amount, 0);
        vm.assume(treasury != deposit && other != treasury && other != deposit);
        uint256 had = treasury.balance;
        uint256 others = other.balance;
        _collect(caller, treasury, address(0), salt);
        assert(other.balance == others);
        assert(treasury.balance + deposit.balance == had + amount);
    }

    function check_tokens_go_to_the_treasury_alone(
        address caller, address treasury, bytes32 salt, uint96 amount, address other
    ) external {
        address deposit = _paid(treasury, salt, 0, amount);
        vm.assume(treasury != deposit && other != treasury && other != deposit);
        uint256 had = usdc.balanceOf(treasury);
        uint256 others = usdc.balanceOf(other);
        _collect(caller, treasury, address(usdc), salt);
        assert(usdc.balanceOf(other) == others);
        assert(usdc.balanceOf(treasury) + usdc.balanceOf(deposit) == had + amount);
    }

    /// @dev Whatever a stranger says, in up to 132 bytes, to a deposit that is there.
    function check_a_stranger_gets_nothing_from_a_deposit(
        address stranger, address treasury, bytes32 salt, uint96 coins, uint96 tokens
    ) external {
        address deposit = _paid(treasury, salt, 1, 0);
        vm.assume(treasury != deposit);
        _collect(stranger, treasury, address(0), salt);
        vm.assume(deposit.code.length != 0 && stranger != address(factory));
        vm.deal(deposit, coins);
        usdc.mint(deposit, tokens);
        bytes memory data = svm.createBytes(132, "data");
        vm.prank(stranger);
        (bool called,) = deposit.call(data);
        called;
        assert(deposit.balance == coins);
        assert(usdc.balanceOf(deposit) == tokens);
    }

    /// @dev … or to the factory, by any of its functions: what leaves the deposit is its treasury's.
    function check_whatever_is_said_to_the_factory(
        address stranger, address treasury, bytes32 salt, uint96 coins, uint96 tokens
    ) external {
        address deposit = _paid(treasury, salt, coins, tokens);
        vm.assume(treasury != deposit);
        bytes memory data = svm.createCalldata("DepositFactory", true);
        vm.prank(stranger);
        (bool called,) = address(factory).call(data);
        called;
        assert(treasury.balance + deposit.balance >= coins);
        assert(usdc.balanceOf(treasury) + usdc.balanceOf(deposit) >= tokens);
    }

    /// @dev A deposit that is paid and collected again: late, or for the next session that it serves.
    function check_a_second_collection(
        address caller, address treasury, bytes32 salt, uint96 first, uint96 second, address other
    ) external {
        address deposit = _paid(treasury, salt, first, 0);
        vm.assume(treasury != deposit && other != treasury && other != deposit);
        uint256 had = treasury.balance;
        uint256 others = other.balance;
        _collect(caller, treasury, address(0), salt);
        vm.deal(deposit, deposit.balance + second);
        _collect(caller, treasury, address(0), salt);
        assert(other.balance == others);
        assert(treasury.balance + deposit.balance == had + first + uint256(second));
    }
}
