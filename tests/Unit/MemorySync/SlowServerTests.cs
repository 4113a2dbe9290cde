using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Memory;
using ArtifactSync.Memory.Cloud;
using ArtifactSync.Sync;

namespace ArtifactSync.Tests.MemorySync;

/// <summary>Local writes never wait for the network (memory spec 7.1).</summary>
[Trait("Category", "Memory")]
public sealed class SlowServerTests
{
    private const int Writers = 4;
    private const int WritesEach = 250;

    /// <param name="fails">Whether the server fails in the end, or answers late.</param>
    [Theory]
    [Trait("Case", "62")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Case62_AThousandConcurrentWrites_FinishWhileTheServerHoldsARequest(bool fails)
    {
        using var server = new LogServer();
        using var machine = new MemoryMachine("A", server, new DateTimeOffset(2026, 4, 27, 10, 0, 0, TimeSpan.Zero)) { Settings = new() };
        machine.Enroll("p");
        machine.Write(change => Backfill.Run(change, "p"));
        machine.CreateSession("s", "p", "/d");

        using var holding = new HoldingServer();
        var cycle = new MemoryCycle(new ArtifactSync.Memory.Cloud.MemorySync(machine.Archive, holding, machine.Settings, "run", NullObserver.Instance))
            .RunAsync(TimeSpan.Zero, default);
        Assert.Same(holding.Asked, await Task.WhenAny(holding.Asked, cycle));
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(() => Save(machine, writer))));

        Assert.False(cycle.IsCompleted, "the cycle ended before its request was answered");
        Assert.Equal((Writers * WritesEach) + 1, machine.Pending);
        holding.Answer.SetResult(!fails);
        Assert.Equal(fails ? ErrorCode.TargetUnreachable : ErrorCode.TargetProtocolError, (await cycle).Failure!.Code);
        Assert.Equal((Writers * WritesEach) + 1, machine.Pending); // nothing was confirmed
        Assert.Null(machine.Cycle().Failure);
        Assert.Equal((0, (Writers * WritesEach) + 1), (machine.Pending, server.Entries.Count));
    }

    /// <summary>As a process of its own does it: with its own connections.</summary>
    private static void Save(MemoryMachine machine, int writer)
    {
        var options = new EngineOptions { ArchivePath = machine.Archive.Folder, Clock = machine.Clock };
        using var archive = ArchiveDatabase.Open(options, ArchiveMode.ReadWrite);
        for (var i = 0; i < WritesEach; i++)
        {
            using var lease = archive.AcquireLease($"writer {writer}", TimeSpan.FromMinutes(5), default);
            using var transaction = lease.Begin();
            using var change = new ChangeContext(transaction.Db, machine.Clock, options.Random);
            change.SaveObservation(new Observation
            {
                SyncId = $"o{writer}-{i}", SessionId = "s", Title = "t", Content = "c", Project = "p", Scope = "project", RevisionCount = 1, DuplicateCount = 1,
                CreatedAt = change.Now, UpdatedAt = change.Now,
            });
            change.Complete();
            transaction.Commit();
        }
    }

    /// <summary>Says nothing until it is told to; then fails, or confirms nothing.</summary>
    private sealed class HoldingServer : IMutationApi
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string ServerUrl => LogServer.Url;

        public Task Asked => _asked.Task;

        public TaskCompletionSource<bool> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task<PushAnswer> PushAsync(IReadOnlyList<OutgoingMutation> entries, CancellationToken cancellationToken)
        {
            _asked.TrySetResult();
            return await Answer.Task.WaitAsync(cancellationToken)
                ? new PushAnswer((IReadOnlyList<long>?)null)
                : throw new ArtifactSyncException(ErrorCode.TargetUnreachable, "down", ServerUrl);
        }

        public Task<PullPage> PullAsync(long since, int limit, CancellationToken cancellationToken) =>
            Task.FromException<PullPage>(new InvalidOperationException("a push that failed is followed by no pull"));

        public Task<bool> CanReadAsync(string project, CancellationToken cancellationToken) => Task.FromResult(true);

        public void Dispose()
        {
        }
    }
}
