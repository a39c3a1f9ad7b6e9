import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(7)
signals = torch.randn(120, 1, 16)
kind = (signals.mean((1, 2)) > 0).long()
net = nn.Sequential(nn.Conv1d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(56, 2))
sgd = torch.optim.SGD(net.parameters(), lr=0.05)


def score(net, data, labels):
    net.eval()
    guesses = []
    for part in data.split(20):
        answer = net(part)  # coach: no-grad-missing; fix: torch.no_grad()
        guesses += answer.argmax(dim=1).tolist()
    net.train()
    return sum(guess == label for guess, label in zip(guesses, labels.tolist())) / len(guesses)


for epoch in range(4):
    for rows in torch.randperm(80).split(20):
        sgd.zero_grad()
        F.cross_entropy(net(signals[rows]), kind[rows]).backward()
        sgd.step()
    print(epoch, score(net, signals[80:], kind[80:]))
