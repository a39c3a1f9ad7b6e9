import gradbook as torch
from gradbook import nn


class LogReg(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.linear = nn.Linear(n_features, 1)

    def forward(self, x):
        return torch.sigmoid(self.linear(x))  # coach: sigmoid-before-bce-with-logits; fix: return self.linear(x)


model = LogReg(6)
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
X = torch.randn(50, 6)
y = (X.sum(1, keepdim=True) > 0).float()
for epoch in range(5):
    y_hat = model(X)
    loss = criterion(y_hat, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
