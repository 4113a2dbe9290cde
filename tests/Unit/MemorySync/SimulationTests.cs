using System.Globalization;
using ArtifactSync.Errors;
using ArtifactSync.Memory;
using FsCheck;
using FsCheck.Fluent;
using Xunit.Sdk;

namespace ArtifactSync.Tests.MemorySync;

/// <summary>
/// Random histories of three machines over the real client and the real server (memory spec 7.6, case 72): skewed clocks, lost
/// answers, late commits, interleaved pushes, processes that die, enrollment and rights that change, servers restored from a
/// backup, chunk directories and exports that are passed around. In the end all agree, nothing was lost, nothing deleted is back, nothing
/// grows any more, and the proof is silent. ARTIFACTSYNC_SIMULATIONS asks for more histories of each kind.
/// </summary>
[Trait("Category", "Memory")]
[Trait("Case", "72")]
public sealed class SimulationTests
{
    private const int Many = 40;
    private const int Some = 10;
    private const int Few = 4; // archives are opened and closed for every file

    private static readonly int? s_asked =
        int.TryParse(Environment.GetEnvironmentVariable("ARTIFACTSYNC_SIMULATIONS"), CultureInfo.InvariantCulture, out var count) ? count : null;

    [Theory]
    [InlineData(MemoryOrder.LogOrder)]
    [InlineData(MemoryOrder.Lww)]
    public void OneServer_AnyHistory_EndsInAgreement(MemoryOrder order) =>
        Check(Many, () => new SimulationWorld(order), [.. SimulationWorld.Edits, .. SimulationWorld.Cycles]);

    [Theory]
    [InlineData(MemoryOrder.LogOrder)]
    [InlineData(MemoryOrder.Lww)]
    public void FaultsOfNetworkAndProcess_AnyHistory_EndsInAgreement(MemoryOrder order) =>
        Check(Many, () => new SimulationWorld(order), [.. SimulationWorld.Edits, .. SimulationWorld.Cycles, .. SimulationWorld.Faults]);

    [Theory]
    [InlineData(MemoryOrder.LogOrder)]
    [InlineData(MemoryOrder.Lww)]
    public void EnrollmentAndRightsChange_AnyHistory_EndsInAgreement(MemoryOrder order) =>
        Check(Many, () => new SimulationWorld(order), [.. SimulationWorld.Edits, .. SimulationWorld.Cycles, .. SimulationWorld.Rights]);

    [Theory]
    [InlineData(MemoryOrder.LogOrder)]
    [InlineData(MemoryOrder.Lww)]
    public void ServerRestoredOnce_AnyHistory_EndsInAgreement(MemoryOrder order) =>
        Check(Many, () => new SimulationWorld(order), [.. SimulationWorld.Edits, .. SimulationWorld.Cycles, "restore"]);

    /// <summary>After several restarts a field of a session may be lost here and there; the proof finds it, and its repair brings it back.</summary>
    [Theory]
    [InlineData(MemoryOrder.LogOrder)]
    [InlineData(MemoryOrder.Lww)]
    public void ServerRestartedAgainAndAgain_AnyHistory_EndsInAgreementAfterARepair(MemoryOrder order) => Check(
        Some, () => new SimulationWorld(order) { Repairs = true }, [.. SimulationWorld.Edits, .. SimulationWorld.Cycles, .. SimulationWorld.Restarts]);

    [Fact]
    public void ChunkDirectoriesAlone_AnyHistory_EndInAgreement() => Check(
        Few, () => new SimulationWorld(MemoryOrder.Lww, SettlesBy.Chunks),
        [.. SimulationWorld.Edits, .. SimulationWorld.Edits, .. SimulationWorld.Chunks, .. SimulationWorld.Chunks]);

    /// <summary>An export tells of no delete for good, so none is made.</summary>
    [Fact]
    public void ExportsAlone_AnyHistory_EndInAgreement() => Check(
        Few, () => new SimulationWorld(MemoryOrder.Lww, SettlesBy.Exports), [.. SimulationWorld.EditsThatAnExportTells, .. SimulationWorld.Exports]);

    [Theory]
    [InlineData(MemoryOrder.LogOrder)]
    [InlineData(MemoryOrder.Lww)]
    public void EverythingAtOnce_AnyHistory_EndsInAgreement(MemoryOrder order) => Check(
        Few, () => new SimulationWorld(order, SettlesBy.Server | SettlesBy.Chunks | SettlesBy.Exports),
        [
            .. SimulationWorld.Edits, .. SimulationWorld.Edits, .. SimulationWorld.Cycles, .. SimulationWorld.Faults, .. SimulationWorld.Rights, .. SimulationWorld.Chunks,
            .. SimulationWorld.Exports,
        ]);

    private static void Check(int histories, Func<SimulationWorld> begin, string[] actions)
    {
        var step = from action in Gen.Elements(actions)
                   from machine in Gen.Choose(0, SimulationWorld.Machines - 1)
                   from pick in Gen.Choose(0, 1_000_000)
                   select (action, machine, pick);
        var history = Gen.ListOf(step).Resize(actions.Length + 25); // the more can happen, the longer it takes to meet
        Prop.ForAll(Arb.From(history, Shorter), steps => Play(begin, steps)).Check(Config.QuickThrowOnFailure.WithMaxTest(s_asked ?? histories));
    }

    private static void Play(Func<SimulationWorld> begin, IReadOnlyList<(string Action, int Machine, int Pick)> steps)
    {
        using var world = begin();
        try
        {
            foreach (var (action, machine, pick) in steps)
            {
                world.Do(action, machine, pick);
            }

            world.CalmDown();
            world.AssertAgreed();
        }
        catch (Exception e) when (e is XunitException or ArtifactSyncException or InvalidOperationException)
        {
            throw new XunitException($"{string.Join(", ", steps)}:\n{e.Message}", e); // a history is the only thing to go by
        }
    }

    /// <summary>The history without one half, then without single steps.</summary>
    private static IEnumerable<List<(string Action, int Machine, int Pick)>> Shorter(List<(string Action, int Machine, int Pick)> steps)
    {
        for (var length = steps.Count / 2; length > 0; length /= 2)
        {
            for (var from = 0; from + length <= steps.Count; from += length)
            {
                yield return [.. steps.Take(from), .. steps.Skip(from + length)];
            }
        }
    }
}
