"""Built-in metrics that ask judge models, through the run's judge service.

The texts to be judged stand between tags that nobody could have written beforehand, and the judge
is told that they are data. A verdict is read strictly: a judge that fails, gives none, or gives two
that differ makes the score an error, never a pass.
"""
