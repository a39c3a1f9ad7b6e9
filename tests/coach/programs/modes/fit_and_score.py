import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(2, 8, 3)
        self.drop = nn.Dropout(0.25)
        self.fc = nn.Linear(8, 5)

    def forward(self, x):
        return self.fc(self.drop(F.relu(self.conv(x)).mean(dim=2)))


class Runner:
    def __init__(self):
        self.model = Model()
        self.opt = torch.optim.RMSprop(self.model.parameters(), lr=1e-3)

    def fit(self, x, y, epochs):
        self.model.train()
        for epoch in range(epochs):
            for i in range(0, len(x), 8):
                self.opt.zero_grad()
                loss = F.cross_entropy(self.model(x[i : i + 8]), y[i : i + 8])
                loss.backward()
                self.opt.step()
            print(f"accuracy {self.score(x, y):.2f}")

    def score(self, x, y):
        self.model.eval()  # coach: train-mode-not-restored; fix: self.model.train()
        with torch.no_grad():
            return (self.model(x).argmax(1) == y).float().mean().item()


x, y = torch.randn(32, 2, 12), torch.randint(0, 5, (32,))
Runner().fit(x, y, epochs=3)
