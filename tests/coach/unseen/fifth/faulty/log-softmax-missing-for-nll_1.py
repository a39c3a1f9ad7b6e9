import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
N, C = 480, 3
cls = torch.randint(0, C, (N,))
mu = torch.tensor([[1.5, 0., 0., 1.], [-1.5, 1., 0., -1.], [0., -1.5, 1.5, 0.]])
X = mu[cls] + torch.randn(N, 4)
X = (X - X.mean(0)) / X.std(0)
trainloader = DataLoader(TensorDataset(X, cls), batch_size=32, shuffle=True)


class IrisClassifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(4, 16)
        self.fc2 = nn.Linear(16, 12)
        self.fc3 = nn.Linear(12, C)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        x = F.softmax(self.fc3(x), dim=1)  # coach: log-softmax-missing-for-nll; fix: log_softmax
        return x


model = IrisClassifier()
criterion = nn.NLLLoss()  # coach-line: log-softmax-missing-for-nll
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)

# the loss is negative, is this normal?
for e in range(5):
    running_loss = 0
    for feats, labels in trainloader:
        optimizer.zero_grad()
        output = model(feats)
        loss = criterion(output, labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    print(f"Training loss: {running_loss / len(trainloader)}")
