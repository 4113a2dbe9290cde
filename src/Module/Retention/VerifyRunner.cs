using ArtifactSync.Archive;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Transport;

namespace ArtifactSync.Retention;

/// <summary>One run of <c>Test-ArtifactStore</c>. Writes the ledger alone.</summary>
internal sealed class VerifyRunner(
    ArchiveDatabase archive, VerifyRequest request, Func<string, ITransport> open, Func<ArtifactFinding, ValueTask> emit, IRunObserver observer)
{
    public Task<SyncRun> RunAsync(CancellationToken cancellationToken) => RunRecorder.DoAsync(
        archive, runId => new RunStart(runId, RunKind.Verify) { Target = request.Target, Phase = "verify" }, observer,
        async (run, _) =>
        {
            using var sink = new FindingSink(archive, run, "verify", emit);
            if (request.Target is null)
            {
                await new LocalVerifier(archive, sink, observer, request.Quick).RunAsync(cancellationToken);
                return;
            }
            await using var transport = open(request.Target);
            await new TargetVerifier(archive, request.Target, transport, sink, observer, request.Quick).RunAsync(cancellationToken);
        },
        cancellationToken);
}
