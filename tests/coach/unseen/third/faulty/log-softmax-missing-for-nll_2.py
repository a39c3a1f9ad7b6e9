# %%
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(23)

# %%
# bags of words over a vocabulary of 40, five topics
topic_words = torch.softmax(2.0 * torch.randn(5, 40), dim=1)
topics = torch.randint(0, 5, (500,))
counts = torch.stack([torch.bincount(torch.multinomial(topic_words[k], 25, replacement=True), minlength=40)
                      for k in topics.tolist()]).float()
bags = (counts - counts.mean(0)) / (counts.std(0) + 0.1)
train_dl = DataLoader(TensorDataset(bags[:400], topics[:400]), batch_size=25, shuffle=True)

# %%
class TopicNet(nn.Module):
    def __init__(self, vocab=40, hidden=32, n_topics=5):
        super().__init__()
        self.fc1 = nn.Linear(vocab, hidden)
        self.fc2 = nn.Linear(hidden, n_topics)

    def forward(self, x):
        h = F.relu(self.fc1(x))
        return self.fc2(h)  # coach: log-softmax-missing-for-nll; fix: log_softmax(

net = TopicNet()
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)

# %%
for epoch in range(6):
    net.train()
    total = 0.0
    for x, t in train_dl:  # coach-also: suspicious-initial-loss
        optimizer.zero_grad()
        loss = F.nll_loss(net(x), t)  # coach-line: log-softmax-missing-for-nll
        loss.backward()
        optimizer.step()
        total += loss.item()
    print(epoch, total / len(train_dl))

# %%
net.eval()
with torch.no_grad():
    probs = net(bags[400:]).exp()  # coach-also: loss-diverged
confidence, guess = probs.max(dim=1)
print("accuracy", (guess == topics[400:]).float().mean().item())
print("mean confidence", confidence.mean().item())
