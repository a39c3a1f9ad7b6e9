import gradbook as torch
from gradbook import nn

model = nn.Sequential(
    nn.Conv1d(2, 8, 3, padding=1),
    nn.ReLU(),
    nn.ReLU(),  # coach: redundant-activation; fix: nn.ReLU(),
    nn.Flatten(),
    nn.Linear(8 * 10, 2),
)
signals, kinds = torch.randn(24, 2, 10), torch.randint(0, 2, (24,))
opt = torch.optim.SGD(model.parameters(), lr=0.01)
lossf = nn.CrossEntropyLoss()


def epoch():
    for i in range(0, 24, 8):
        loss = lossf(model(signals[i : i + 8]), kinds[i : i + 8])
        opt.zero_grad()
        loss.backward()
        opt.step()


epoch()
epoch()
