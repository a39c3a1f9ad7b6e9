import gradbook as torch
from gradbook import nn


class Churn(nn.Module):
    """Will this customer leave?"""

    def __init__(self, columns, hidden=18):
        super().__init__()
        self.body = nn.Linear(columns, hidden)
        self.head = nn.Linear(hidden, 1)
        self.to_probability = nn.Softmax(dim=-1)  # coach: degenerate-activation; fix: self.to_probability = nn.Sigmoid()

    def forward(self, rows):
        score = self.head(torch.relu(self.body(rows)))
        return self.to_probability(score)  # coach-line: degenerate-activation


class Training:
    def __init__(self, model, rows, left):
        self.model, self.rows, self.left = model, rows, left
        self.adam = torch.optim.Adam(model.parameters(), lr=1e-2)
        self.loss = nn.BCELoss()

    def epoch(self, size=40):
        for part in torch.randperm(len(self.rows)).split(size):
            self.adam.zero_grad()
            cost = self.loss(self.model(self.rows[part]), self.left[part])
            cost.backward()
            self.adam.step()


torch.manual_seed(23)
customers = torch.randn(160, 9)
left = (customers[:, :1] - customers[:, 4:5] > 0.3).float()
training = Training(Churn(9), customers, left)
for _ in range(5):
    training.epoch()
# coach-also: constant-predictions, loss-plateau
