import gradbook as torch
from gradbook import nn

torch.manual_seed(9)
maker = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
judge = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1))
maker_adam = torch.optim.Adam(maker.parameters(), lr=1e-3)
judge_adam = torch.optim.Adam(judge.parameters(), lr=1e-3)
bce = nn.BCEWithLogitsLoss()
real = torch.randn(200, 2) * 0.3 + 1
for step in range(12):
    some = real[torch.randint(0, 200, (32,))]
    made = maker(torch.randn(32, 4))
    judged = bce(judge(some), torch.ones(32, 1)) + bce(judge(made.detach()), torch.zeros(32, 1))
    judge_adam.zero_grad()
    judged.backward()
    judge_adam.step()
    fooled = bce(judge(made.detach()), torch.ones(32, 1))  # coach: detached-graph; fix: bce(judge(made),
    maker_adam.zero_grad()
    fooled.backward()
    maker_adam.step()
