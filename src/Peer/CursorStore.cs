using System.Buffers.Text;
using System.Security.Cryptography;

namespace ArtifactSync.Peer;

/// <summary>
/// Where pages go on (spec 10.6): opaque, for one use, bound to a route and origin, for five minutes, a bounded number at a
/// time.
/// </summary>
internal sealed class CursorStore(TimeProvider clock, PeerLimits limits)
{
    private const int RandomBytes = 24;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (string Scope, string Position, DateTimeOffset Expires)> _cursors = new(StringComparer.Ordinal);

    /// <summary>A new cursor; null when all are taken.</summary>
    public string? Create(string scope, string position)
    {
        lock (_gate)
        {
            var now = clock.GetUtcNow();
            if (_cursors.Count >= limits.Cursors)
            {
                foreach (var expired in _cursors.Where(cursor => cursor.Value.Expires <= now).Select(cursor => cursor.Key).ToList())
                {
                    _cursors.Remove(expired);
                }
            }
            if (_cursors.Count >= limits.Cursors)
            {
                return null;
            }
            var cursor = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes));
            _cursors.Add(cursor, (scope, position, now + limits.CursorAge));
            return cursor;
        }
    }

    /// <summary>The position of a cursor, which is used up by this; null when it is unknown, used, too old or of another scope.</summary>
    public string? Take(string scope, string cursor)
    {
        lock (_gate)
        {
            if (!_cursors.TryGetValue(cursor, out var found) || found.Scope != scope)
            {
                return null; // one of another scope is not used up
            }
            _cursors.Remove(cursor);
            return found.Expires > clock.GetUtcNow() ? found.Position : null;
        }
    }

    public void Release(string cursor)
    {
        lock (_gate)
        {
            _cursors.Remove(cursor);
        }
    }
}
