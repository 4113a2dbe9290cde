namespace ArtifactSync.Wire;

/// <summary>A stack of booleans: which of the open containers are objects.</summary>
internal struct BitStack
{
    private const int WordBits = 64;

    private ulong _word;
    private Stack<ulong>? _full;

    public int Count { get; private set; }

    public readonly bool Peek() => (_word & 1) != 0;

    public void Push(bool bit)
    {
        if (Count > 0 && Count % WordBits == 0)
        {
            (_full ??= new()).Push(_word);
        }

        _word = (_word << 1) | (bit ? 1UL : 0);
        Count++;
    }

    public void Pop()
    {
        _word >>= 1;
        if (--Count > 0 && Count % WordBits == 0)
        {
            _word = _full!.Pop();
        }
    }
}
