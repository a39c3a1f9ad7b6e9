import gradbook as torch
import gradbook.nn as nn

embed = nn.Embedding(20, 8)
classify = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))
optimizer = torch.optim.Adam(list(embed.parameters()) + list(classify.parameters()), lr=0.01)
criterion = nn.CrossEntropyLoss()
words = torch.randint(0, 20, (24, 5))
labels = (words[:, 0] > 10).long()

for epoch in range(7):
    vectors = embed(words)
    sentence = torch.tensor(vectors.tolist()).mean(dim=1)  # coach: detached-graph; fix: vectors.mean(dim=1)
    out = classify(sentence)
    loss = criterion(out, labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
