using Demo;

DemoOptions options;
try
{
    options = DemoOptions.Parse(args);
}
catch (ArgumentException failure)
{
    Console.Error.WriteLine(failure.Message);
    Console.Error.WriteLine("See ./demo.sh --help");
    return 2;
}

using var stop = new Interruption();
return await new Stage(options, new Screen()).PlayAsync(stop.Token);
