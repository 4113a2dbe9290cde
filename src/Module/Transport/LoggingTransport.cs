using System.Globalization;
using ArtifactSync.Errors;
using ArtifactSync.Sync;

namespace ArtifactSync.Transport;

/// <summary>
/// Tells each call, what came of it and how long it took. Verb, path and code are all it says: the target's name, headers,
/// queries and the words of the far side may hold what nobody else should read.
/// </summary>
internal sealed class LoggingTransport(ITransport inner, IRunObserver observer, TimeProvider clock) : DelegatingTransport(inner)
{
    protected override async Task<T> CallAsync<T>(string verb, string subject, Func<Task<T>> call, CancellationToken cancellationToken)
    {
        var start = clock.GetTimestamp();
        try
        {
            var result = await call();
            if (verb != "list") // one line an entry would hide the others
            {
                Tell(result is PutOutcome outcome ? outcome.ToString() : "ok");
            }

            return result;
        }
        catch (ArtifactSyncException fault)
        {
            Tell(fault.Code.ToString());
            throw;
        }

        void Tell(string outcome) => observer.Debug(string.Create(
            CultureInfo.InvariantCulture,
            $"{verb}{(subject.Length == 0 ? "" : " ")}{subject}: {outcome} after {clock.GetElapsedTime(start).TotalMilliseconds:0} ms"));
    }
}
