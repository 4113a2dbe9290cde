using System.Globalization;
using System.Runtime.CompilerServices;
using ArtifactSync.Errors;
using ArtifactSync.Sync;
using ArtifactSync.Wire;
using Polly;
using Polly.Retry;

namespace ArtifactSync.Transport;

/// <summary>
/// Repeats calls that failed for a reason that passes: growing pauses with jitter, or the pause that the far side asked for.
/// A put whose answer was lost finds its own name taken when it is repeated; the caller compares, as with any taken name.
/// </summary>
internal sealed class RetryTransport : DelegatingTransport
{
    private const int Attempts = 5;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly ResiliencePipeline _pipeline;

    /// <param name="inner">What is called.</param>
    /// <param name="clock">Measures the pauses.</param>
    /// <param name="random">Spreads them, so that many machines do not come back at one moment.</param>
    /// <param name="observer">Is told of each repetition.</param>
    public RetryTransport(ITransport inner, TimeProvider clock, Random random, IRunObserver observer) : base(inner)
    {
        var builder = new ResiliencePipelineBuilder { TimeProvider = clock };
        _pipeline = builder.AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = static args => ValueTask.FromResult(args.Outcome.Exception is ArtifactSyncException fault && IsPassing(fault.Code)),
            MaxRetryAttempts = Attempts - 1,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = FirstPause,
            MaxDelay = LongestPause,
            Randomizer = random.NextDouble,
            DelayGenerator = static args => ValueTask.FromResult<TimeSpan?>(
                RetryAfter.Of(args.Outcome.Exception) is { } asked ? (asked < LongestPause ? asked : LongestPause) : null),
            OnRetry = args =>
            {
                observer.Verbose(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{args.Outcome.Exception?.Message} Attempt {args.AttemptNumber + 2} of {Attempts} in {args.RetryDelay.TotalSeconds:0.0} s."));
                return ValueTask.CompletedTask;
            },
        }).Build();
    }

    /// <summary>Goes on after the last entry where the order allows it; elsewhere only a listing that showed nothing yet is begun again.</summary>
    public override async IAsyncEnumerable<RemoteEntry> ListAsync(
        string origin, ArtifactKind kind, string? startAfter, Action<ArtifactRef, ArtifactSyncException> onFault,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (from, shown) = (startAfter, false);
        var entries = Start();
        try
        {
            while (await NextAsync())
            {
                (from, shown) = (entries.Current.Artifact.Name, true);
                yield return entries.Current;
            }
        }
        finally
        {
            await entries.DisposeAsync();
        }

        IAsyncEnumerator<RemoteEntry> Start() => Inner.ListAsync(origin, kind, from, onFault, cancellationToken).GetAsyncEnumerator(cancellationToken);

        async Task<bool> NextAsync()
        {
            if (shown && !Traits.OrderedListing)
            {
                return await entries.MoveNextAsync();
            }

            var failed = false;
            return await CallAsync("list", "", async () =>
            {
                if (failed)
                {
                    await entries.DisposeAsync();
                    entries = Start();
                }

                failed = true;
                var more = await entries.MoveNextAsync();
                failed = false;
                return more;
            }, cancellationToken);
        }
    }

    public override async Task<Stream> OpenReadAsync(ArtifactRef artifact, CancellationToken cancellationToken) =>
        new ResumingStream(await base.OpenReadAsync(artifact, cancellationToken), () => base.OpenReadAsync(artifact, cancellationToken));

    public override Task<PutOutcome> PutAsync(ArtifactRef artifact, Stream wire, long wireSize, CancellationToken cancellationToken)
    {
        var start = wire.CanSeek ? wire.Position : 0;
        return CallAsync("put", artifact.Path, () =>
        {
            if (wire.CanSeek)
            {
                wire.Position = start;
            }

            return Inner.PutAsync(artifact, wire, wireSize, cancellationToken);
        }, cancellationToken);
    }

    protected override async Task<T> CallAsync<T>(string verb, string subject, Func<Task<T>> call, CancellationToken cancellationToken) =>
        await _pipeline.ExecuteAsync(async _ => await call(), cancellationToken);

    /// <summary>The connection, the far side's load and its patience change by themselves; verdicts do not.</summary>
    internal static bool IsPassing(ErrorCode code) => code is ErrorCode.TargetUnavailable or ErrorCode.TargetTimeout
        or ErrorCode.TargetUnreachable;
}
