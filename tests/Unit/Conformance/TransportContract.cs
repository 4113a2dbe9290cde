using System.Collections.Concurrent;
using ArtifactSync.Errors;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Transport;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Conformance;

/// <summary>The contract of <see cref="ITransport"/>, the same for every implementation and decorator.</summary>
[Trait("Category", "Transport")]
public abstract class TransportContract : IAsyncLifetime
{
    private ITransport? _transport;

    internal ManualClock Clock { get; } = ManualClock.AtSystemTime();

    private ITransport Sut => _transport!;

    /// <summary>Whether a damaged artifact can be moved out of the way here.</summary>
    internal virtual bool SetsAside => true;

    internal abstract ITransport Create();

    public virtual Task InitializeAsync()
    {
        _transport = Create();
        return Task.CompletedTask;
    }

    public virtual async Task DisposeAsync() => await Sut.DisposeAsync();

    public static TheoryData<ArtifactKind> Kinds => new(Enum.GetValues<ArtifactKind>());

    [ContractFact]
    public async Task ListOrigins_Empty_GivesNone() => Assert.Empty(await Sut.OriginsAsync());

    [ContractTheory, MemberData(nameof(Kinds))]
    public async Task List_UnknownOrigin_GivesNone(ArtifactKind kind) => Assert.Empty(await Sut.NamesAsync("nobody-000000", kind));

    [ContractTheory, MemberData(nameof(Kinds))]
    public async Task Put_FreeName_IsListedAndReadAfterFlush(ArtifactKind kind)
    {
        var artifact = Some.Artifact(kind, "a");
        Assert.Equal(PutOutcome.Created, await Sut.PutAsync(artifact, "content"));
        Assert.Empty(await Sut.FlushAsync(default));

        Assert.Equal([artifact.Name], await Sut.NamesAsync(artifact.Origin, kind));
        Assert.Equal("content", await Sut.ReadAsync(artifact));
        Assert.Equal([artifact.Origin], await Sut.OriginsAsync());
    }

    [ContractTheory]
    [InlineData(0), InlineData(1), InlineData(131_072), InlineData(300_001)]
    public async Task Put_AnySize_KeepsEveryByte(int size)
    {
        var text = new string('x', size);
        await Sut.PutAsync(Some.Segment("a"), text);
        await Sut.FlushAsync(default);
        Assert.Equal(text, await Sut.ReadAsync(Some.Segment("a")));
    }

    [ContractTheory, MemberData(nameof(Kinds))]
    public async Task Put_TakenName_ExistsAndChangesNothing(ArtifactKind kind)
    {
        var artifact = Some.Artifact(kind, "a");
        await Sut.PutAsync(artifact, "first");
        await Sut.FlushAsync(default);

        Assert.Equal(PutOutcome.Exists, await Sut.PutAsync(artifact, "second, longer"));
        Assert.Empty(await Sut.FlushAsync(default));
        Assert.Equal("first", await Sut.ReadAsync(artifact));
    }

    [ContractTheory]
    [InlineData(-1), InlineData(1), InlineData(200_000)]
    public async Task Put_OtherSizeThanTold_IsRefusedAndLeavesNothing(int difference)
    {
        using var wire = new MemoryStream(new byte[300_000]);
        var error = await Assert.ThrowsAsync<ArtifactSyncException>(
            () => Sut.PutAsync(Some.Segment("a"), wire, wire.Length + difference, default));
        Assert.Equal(ErrorCode.TransferIncomplete, error.Code);
        Assert.Empty(await Sut.FlushAsync(default));
        Assert.Empty(await Sut.NamesAsync(Some.Origin, ArtifactKind.Segments));
    }

    [ContractFact]
    public async Task Put_LongerThanTold_IsRefused()
    {
        using var wire = new MemoryStream(new byte[300_000]);
        var error = await Assert.ThrowsAsync<ArtifactSyncException>(() => Sut.PutAsync(Some.Segment("a"), wire, 131_072, default));
        Assert.Equal(ErrorCode.TransferIncomplete, error.Code);
    }

    [ContractFact]
    public async Task Put_ManyAtOnce_AreAllThere()
    {
        var artifacts = Enumerable.Range(0, 200).Select(n => Some.Artifact((ArtifactKind)(n % 5), $"{n}", n % 2 == 0 ? "a-000001" : "b-000001")).ToArray();
        await Parallel.ForEachAsync(artifacts, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (artifact, token) =>
            Assert.Equal(PutOutcome.Created, await Sut.PutAsync(artifact, artifact.Name, token)));
        Assert.Empty(await Sut.FlushAsync(default));

        var found = new List<string>();
        foreach (var origin in await Sut.OriginsAsync())
        {
            foreach (var kind in Enum.GetValues<ArtifactKind>())
            {
                found.AddRange((await Sut.NamesAsync(origin, kind)).Select(name => ArtifactName.Parse(origin, kind, name).Path));
            }
        }

        Assert.Equal(artifacts.Select(artifact => artifact.Path).Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
        foreach (var artifact in artifacts)
        {
            Assert.Equal(artifact.Name, await Sut.ReadAsync(artifact));
        }
    }

    [ContractFact]
    public async Task Put_OneNameByMany_OneWinsTheOthersAreTold()
    {
        var artifact = Some.Segment("a");
        var outcomes = new ConcurrentBag<PutOutcome>();
        await Parallel.ForEachAsync(Enumerable.Range(0, 16), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (n, token) =>
            outcomes.Add(await Sut.PutAsync(artifact, $"content of {n}", token)));
        var unsettled = await Sut.FlushAsync(default);

        Assert.Equal(1, outcomes.Count(outcome => outcome == PutOutcome.Created) - unsettled.Count);
        Assert.All(unsettled, put => Assert.Equal((artifact, null), (put.Artifact, put.Error)));
        Assert.StartsWith("content of ", await Sut.ReadAsync(artifact));
    }

    [ContractFact]
    public async Task Put_WhileFlushing_EndsUpThere()
    {
        var artifacts = Enumerable.Range(0, 100).Select(n => Some.Segment($"{n}")).ToArray();
        var puts = Parallel.ForEachAsync(artifacts, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (artifact, token) =>
            await Sut.PutAsync(artifact, artifact.Name, token));
        while (!puts.IsCompleted)
        {
            Assert.Empty(await Sut.FlushAsync(default));
            await Task.Yield();
        }

        await puts;
        Assert.Empty(await Sut.FlushAsync(default));
        Assert.Equal(artifacts.Length, (await Sut.NamesAsync(Some.Origin, ArtifactKind.Segments)).Length);
    }

    [ContractTheory]
    [InlineData(Some.Origin), InlineData("nobody-000000")]
    public async Task OpenRead_MissingName_ArtifactNotFound(string origin)
    {
        await Sut.PutAsync(Some.Segment("a"), "x");
        await Sut.FlushAsync(default);
        var error = await Assert.ThrowsAsync<ArtifactSyncException>(() => Sut.OpenReadAsync(Some.Segment("b", origin), default));
        Assert.Equal(ErrorCode.ArtifactNotFound, error.Code);
    }

    [ContractFact]
    public async Task OpenRead_OverTheLimitOfItsKind_EndsOneByteAfterIt()
    {
        var limit = Limits.Encoded(ArtifactKind.Meta);
        var artifact = Some.Artifact(ArtifactKind.Meta, "big");
        using var wire = new MemoryStream(new byte[limit + 1000]);
        await Sut.PutAsync(artifact, wire, wire.Length, default);
        await Sut.FlushAsync(default);

        await using var read = await Sut.OpenReadAsync(artifact, default);
        using var copy = new MemoryStream();
        await read.CopyToAsync(copy);
        Assert.Equal(limit + 1, copy.Length);
    }

    [ContractTheory, MemberData(nameof(Kinds))]
    public async Task Find_PutAndMissing_TellsSizeAndNull(ArtifactKind kind)
    {
        var artifact = Some.Artifact(kind, "a");
        await Sut.PutAsync(artifact, "content");
        await Sut.FlushAsync(default);

        var found = Assert.NotNull(await Sut.FindAsync(artifact, default));
        Assert.Equal(artifact, found.Artifact);
        Assert.Contains(found.WireSize, new[] { -1L, 7L });
        Assert.True(found.ModifiedNanoseconds == -1 || found.ModifiedNanoseconds > 1_700_000_000_000_000_000);
        Assert.Null(await Sut.FindAsync(Some.Artifact(kind, "b"), default));
        Assert.Null(await Sut.FindAsync(Some.Artifact(kind, "a", "nobody-000000"), default));
    }

    [ContractTheory, MemberData(nameof(Kinds))]
    public async Task List_StartAfterAName_GivesAllThatFollow(ArtifactKind kind)
    {
        var artifacts = Enumerable.Range(0, 20).Select(n => Some.Artifact(kind, $"{n}")).OrderBy(artifact => artifact.Name, StringComparer.Ordinal).ToArray();
        foreach (var artifact in artifacts)
        {
            await Sut.PutAsync(artifact, "x");
        }

        await Sut.FlushAsync(default);
        var names = new List<string>();
        await foreach (var entry in Sut.ListAsync(Some.Origin, kind, artifacts[6].Name, (_, _) => { }, default))
        {
            names.Add(entry.Artifact.Name);
        }

        var expected = artifacts[7..].Select(artifact => artifact.Name).ToList();
        if (Sut.Traits.OrderedListing)
        {
            Assert.Equal(expected, names);
        }
        else
        {
            Assert.Subset(names.ToHashSet(StringComparer.Ordinal), expected.ToHashSet(StringComparer.Ordinal));
        }
    }

    [ContractTheory, MemberData(nameof(Kinds))]
    public async Task Remove_PutArtifact_IsGoneWhereThatIsPossible(ArtifactKind kind)
    {
        var artifact = Some.Artifact(kind, "a");
        await Sut.PutAsync(artifact, "x");
        await Sut.FlushAsync(default);

        Assert.Equal(Sut.Traits.CanRemove, await Sut.RemoveAsync(artifact, default));
        Assert.Equal(Sut.Traits.CanRemove, await Sut.FindAsync(artifact, default) is null);
        Assert.Equal(Sut.Traits.CanRemove ? 0 : 1, (await Sut.NamesAsync(Some.Origin, kind)).Length);
        Assert.Equal(Sut.Traits.CanRemove, await Sut.RemoveAsync(artifact, default)); // also when it is gone
    }

    [ContractFact]
    public async Task Complete_AfterPuts_KeepsThem()
    {
        await Sut.CompleteAsync(default);
        await Sut.PutAsync(Some.Segment("a"), "x");
        await Sut.FlushAsync(default);
        await Sut.CompleteAsync(default);
        Assert.Equal("x", await Sut.ReadAsync(Some.Segment("a")));
    }

    [ContractFact]
    public async Task ListOrigins_Several_InOrdinalOrder()
    {
        foreach (var origin in new[] { "b", "a-b", "a0", "a" })
        {
            await Sut.PutAsync(Some.Segment("x", origin), "x");
        }

        await Sut.FlushAsync(default);
        Assert.Equal(["a", "a-b", "a0", "b"], await Sut.OriginsAsync());
    }

    [ContractFact]
    public async Task Token_NothingChanged_IsTheSame()
    {
        await Sut.PutAsync(Some.Segment("a"), "x");
        await Sut.FlushAsync(default);
        Clock.Advance(TimeSpan.FromMinutes(1));
        var before = await Sut.GetListingTokenAsync(Some.Origin, ArtifactKind.Segments, default);
        Assert.Equal(before, await Sut.GetListingTokenAsync(Some.Origin, ArtifactKind.Segments, default));
    }

    [ContractFact]
    public async Task Token_NameAdded_IsAnother()
    {
        var none = await Sut.GetListingTokenAsync(Some.Origin, ArtifactKind.Segments, default);
        await Sut.PutAsync(Some.Segment("a"), "x");
        await Sut.FlushAsync(default);
        Clock.Advance(TimeSpan.FromMinutes(1));
        var one = await Sut.GetListingTokenAsync(Some.Origin, ArtifactKind.Segments, default);
        await Sut.PutAsync(Some.Segment("b"), "x");
        await Sut.FlushAsync(default);
        Clock.Advance(TimeSpan.FromMinutes(1));
        var two = await Sut.GetListingTokenAsync(Some.Origin, ArtifactKind.Segments, default);

        Assert.True(none is null || none != one);
        Assert.True(one is null || one != two);
    }

    [ContractTheory, MemberData(nameof(Kinds))]
    public async Task SetAside_Damaged_FreesTheNameExceptForCheckpoints(ArtifactKind kind)
    {
        var artifact = Some.Artifact(kind, "a");
        await Sut.PutAsync(artifact, "damaged");
        await Sut.FlushAsync(default);

        var moved = await Sut.SetAsideDamagedAsync(artifact, default);

        Assert.Equal(SetsAside && kind != ArtifactKind.Checkpoints, moved);
        Assert.Equal(moved ? PutOutcome.Created : PutOutcome.Exists, await Sut.PutAsync(artifact, "good"));
        Assert.Empty(await Sut.FlushAsync(default));
        Assert.Equal(moved ? "good" : "damaged", await Sut.ReadAsync(artifact));
        Assert.Equal([artifact.Name], await Sut.NamesAsync(artifact.Origin, kind));
    }

    [ContractFact]
    public async Task SetAside_NothingThere_IsDone() => Assert.Equal(SetsAside, await Sut.SetAsideDamagedAsync(Some.Segment("a"), default));

    [ContractFact]
    public async Task AnyCall_CancelledToken_StopsAndLeavesNothing()
    {
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Sut.PutAsync(Some.Segment("a"), "x", cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Sut.ListOriginsAsync((_, _) => { }, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Sut.GetListingTokenAsync(Some.Origin, ArtifactKind.Raw, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Sut.OpenReadAsync(Some.Segment("a"), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Sut.SetAsideDamagedAsync(Some.Segment("a"), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Sut.FindAsync(Some.Segment("a"), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Sut.RemoveAsync(Some.Segment("a"), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Sut.CompleteAsync(cancelled));
        Assert.Empty(await Sut.FlushAsync(default));
        Assert.Empty(await Sut.NamesAsync(Some.Origin, ArtifactKind.Segments));
    }

    [ContractFact]
    public async Task List_CancelledMidway_Stops()
    {
        await Sut.PutAsync(Some.Segment("a"), "x");
        await Sut.PutAsync(Some.Segment("b"), "x");
        await Sut.FlushAsync(default);
        using var source = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in Sut.ListAsync(Some.Origin, ArtifactKind.Segments, startAfter: null, (_, _) => { }, source.Token))
            {
                await source.CancelAsync();
            }
        });
    }
}
