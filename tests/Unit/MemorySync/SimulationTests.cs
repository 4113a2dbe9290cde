using System.Globalization;
using ArtifactSync.Memory;
using FsCheck;
using FsCheck.Fluent;

namespace ArtifactSync.Tests.MemorySync;

/// <summary>
/// Random histories of three machines over the real client and the real server (memory spec 7.6, case 72): skewed clocks, lost
/// answers, late commits, interleaved pushes, processes that die, enrollment and rights that change, a server restored from a
/// backup. In the end all agree, nothing was missed, nothing grows any more, and the proof is silent.
/// </summary>
[Trait("Category", "Memory")]
public sealed class SimulationTests
{
    private static readonly int s_histories =
        int.TryParse(Environment.GetEnvironmentVariable("ARTIFACTSYNC_SIMULATIONS"), CultureInfo.InvariantCulture, out var count) ? count : 40;

    [Theory]
    [InlineData(MemoryOrder.LogOrder)]
    [InlineData(MemoryOrder.Lww)]
    public void OneServer_AnyHistory_EndsInAgreement(MemoryOrder order) => Check(order, [.. SimulationWorld.Edits, .. SimulationWorld.Cycles]);

    [Theory]
    [InlineData(MemoryOrder.LogOrder)]
    [InlineData(MemoryOrder.Lww)]
    public void FaultsOfNetworkAndProcess_AnyHistory_EndsInAgreement(MemoryOrder order) =>
        Check(order, [.. SimulationWorld.Edits, .. SimulationWorld.Cycles, .. SimulationWorld.Faults]);

    [Theory]
    [InlineData(MemoryOrder.LogOrder)]
    [InlineData(MemoryOrder.Lww)]
    public void EnrollmentAndRightsChange_AnyHistory_EndsInAgreement(MemoryOrder order) =>
        Check(order, [.. SimulationWorld.Edits, .. SimulationWorld.Cycles, .. SimulationWorld.Rights]);

    [Theory]
    [InlineData(MemoryOrder.LogOrder)]
    [InlineData(MemoryOrder.Lww)]
    public void ServerRestoredOnce_AnyHistory_EndsInAgreement(MemoryOrder order) =>
        Check(order, [.. SimulationWorld.Edits, .. SimulationWorld.Cycles, "restore"]);

    private static void Check(MemoryOrder order, string[] actions)
    {
        var step = from action in Gen.Elements(actions)
                   from machine in Gen.Choose(0, SimulationWorld.Machines - 1)
                   from pick in Gen.Choose(0, 1_000_000)
                   select (action, machine, pick);
        var history = Gen.ListOf(step).Resize(45);
        Prop.ForAll(Arb.From(history), steps =>
        {
            using var world = new SimulationWorld(order);
            foreach (var (action, machine, pick) in steps)
            {
                world.Do(action, machine, pick);
            }

            world.CalmDown();
            world.AssertAgreed();
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(s_histories));
    }
}
