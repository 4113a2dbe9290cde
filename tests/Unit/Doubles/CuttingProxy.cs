using System.Net;
using System.Net.Sockets;

namespace ArtifactSync.Tests.Doubles;

/// <summary>Passes connections on to a port, but resets the first ones after so many bytes of an answer.</summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly int _target, _after;
    private readonly Task _loop;
    private int _left;

    /// <param name="target">Port on this machine.</param>
    /// <param name="after">Bytes of answers that go through before the reset.</param>
    /// <param name="cuts">Connections that are reset.</param>
    public CuttingProxy(int target, int after, int cuts)
    {
        (_target, _after, _left) = (target, after, cuts);
        _listener.Start();
        _loop = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Connections that were reset.</summary>
    public int Cuts { get; private set; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _loop;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var running = new List<Task>();
        try
        {
            while (true)
            {
                running.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(running);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var near = client;
        using var far = new TcpClient();
        var cut = Interlocked.Decrement(ref _left) >= 0;
        try
        {
            await far.ConnectAsync(IPAddress.Loopback, _target, _stop.Token);
            var up = near.GetStream().CopyToAsync(far.GetStream(), _stop.Token);
            var (buffer, sent) = (new byte[4096], 0);
            for (int read; (read = await far.GetStream().ReadAsync(buffer, _stop.Token)) > 0; sent += read)
            {
                if (cut && sent + read > _after)
                {
                    await near.GetStream().WriteAsync(buffer.AsMemory(0, Math.Max(0, _after - sent)), _stop.Token);
                    near.Client.LingerState = new LingerOption(enable: true, seconds: 0); // a reset, not a close
                    Cuts++;
                    return;
                }

                await near.GetStream().WriteAsync(buffer.AsMemory(0, read), _stop.Token);
            }

            await up;
        }
        catch (Exception fault) when (fault is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // one of the two is gone
        }
    }
}
