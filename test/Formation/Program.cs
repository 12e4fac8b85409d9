using Demo;
using Formation;

FormationOptions options;
try
{
    options = FormationOptions.Parse(args);
}
catch (ArgumentException failure)
{
    Console.Error.WriteLine(failure.Message);
    return 2;
}

// Bounded as a whole, and no signal ends it before its children.
using var stop = new Interruption(TimeSpan.FromMinutes(1 + options.Starts + options.Alone));
try
{
    await using var series = new Series(options);
    return await series.RunAsync(stop.Token) == 0 ? 0 : 1;
}
catch (DemoFailed failure)
{
    Console.Error.WriteLine(failure.Message);
    return 1;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("interrupted, or out of time");
    return 1;
}
