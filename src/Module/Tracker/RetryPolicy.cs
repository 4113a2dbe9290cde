using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace ArtifactSync.Tracker;

/// <summary>
/// When a request is tried again (surgical spec 7): at most three times, for answers that can pass by themselves, waiting as
/// the server asks, at most two minutes a request; and not any more once the run has spent its quarter of an hour.
/// </summary>
internal sealed class RetryPolicy(TimeProvider clock, Random random)
{
    public const int MaxRetries = 3;
    private static readonly TimeSpan s_requestBudget = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan s_runBudget = TimeSpan.FromMinutes(15);
    private readonly long _started = clock.GetTimestamp();

    public static bool IsTransient(HttpStatusCode status) => (int)status is 408 or 409 or 429 or 500 or 502 or 503 or 504 or (>= 520 and <= 530);

    /// <summary>The wait before the next attempt; null = give up.</summary>
    public TimeSpan? Next(int attempt, TimeSpan waited, TimeSpan? asked)
    {
        if (attempt > MaxRetries)
        {
            return null;
        }
        double jitter;
        lock (random)
        {
            jitter = random.NextDouble();
        }
        var wait = (asked ?? TimeSpan.FromSeconds(1 << (attempt - 1))) + TimeSpan.FromSeconds(jitter / 2);
        return waited + wait <= s_requestBudget && clock.GetElapsedTime(_started) + wait <= s_runBudget ? wait : null;
    }

    /// <summary>
    /// <c>Retry-After</c>, else <c>RateLimit-Reset</c> (Unix seconds). Not <c>RateLimit-ResetTime</c>: a published recording
    /// has a wrong weekday in it (gitlab-api 5).
    /// </summary>
    public TimeSpan? Asked(HttpResponseHeaders headers)
    {
        var now = clock.GetUtcNow();
        if (headers.RetryAfter is { } after)
        {
            return Positive(after.Delta ?? after.Date - now);
        }
        return headers.TryGetValues("RateLimit-Reset", out var values)
            && long.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var reset) && reset <= 253402300799
            ? Positive(DateTimeOffset.FromUnixTimeSeconds(reset) - now)
            : null;
    }

    private static TimeSpan? Positive(TimeSpan? span) => span > TimeSpan.Zero ? span : span is null ? null : TimeSpan.Zero;
}
